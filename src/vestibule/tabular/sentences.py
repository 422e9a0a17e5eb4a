"""The sentences of the findings, by code: what is wrong, then what would be right."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

SENTENCES: Mapping[str, object] = {
    # the file
    "file.empty": _("The file is empty. Send a table with headings in its first line."),
    "file.too_large": _("The file is larger than %(limit)s MB. Send it in parts."),
    "file.workbook": _(
        "This is a workbook of a spreadsheet program, not a CSV file. Save it there as “CSV"
        " UTF-8” and send that file."
    ),
    "file.encoding": _(
        "This line is neither UTF-8 nor Windows-1252 (byte %(byte)s). Save the file as “CSV UTF-8”."
    ),
    "file.too_many_rows": _("The file has more than %(limit)s lines of data. Send it in parts."),
    "file.too_many_columns": _("The file has more than %(limit)s columns. Send only those needed."),
    "file.quote_open": _(
        "A quotation mark opens here and is never closed. Close it, or write it twice if it"
        " belongs to the text."
    ),
    "file.quote_inside": _(
        "A quotation mark stands in the middle of a cell in or after this line. Put the whole"
        " cell in quotation marks and write the inner ones twice."
    ),
    "file.no_rows": _("The file has headings, but no line of data below them. Add the lines."),
    "file.more_findings": _(
        "%(count)s more findings are not listed. Correct these %(limit)s first and try again."
    ),
    # rows and cells
    "row.length": _(
        "This line has %(count)s cells, the headings are %(wanted)s. A separator is missing or"
        " too many; a cell that contains one stands in quotation marks."
    ),
    "cell.control_character": _(
        "A control character (%(character)s) stands at position %(position)s. Delete it or type"
        " the cell again."
    ),
    "cell.too_long": _("%(count)s characters are too many here. %(limit)s are allowed."),
    "cell.invisible_character": _(
        "A character that cannot be seen (%(character)s) stands at position %(position)s. Type"
        " the cell again."
    ),
    "cell.formula": _(
        "“%(value)s” begins with “%(sign)s”, which spreadsheet programs run as a formula. Write"
        " it without that sign."
    ),
    "cell.garbled": _(
        "“%(value)s” mixes two encodings (“Ã©” instead of “é”). Open the original once more and"
        " save it as “CSV UTF-8”."
    ),
    "cell.missing": _("This cell is empty. Write %(wanted)s."),
    # headings
    "heading.missing": _(
        "Columns are missing. Add one heading of each of these: %(missing)s. The file has:"
        " %(found)s."
    ),
    "heading.twice": _(
        "The columns “%(first)s” and “%(second)s” mean the same. Leave one of them out."
    ),
    "heading.unknown": _("The column “%(heading)s” is not known and is not read."),
    # places
    "siren.form": _("“%(value)s” is not a SIREN. A SIREN has nine digits, leading zeros included."),
    "siret.form": _(
        "“%(value)s” is not a SIRET. A SIRET has fourteen digits, leading zeros included."
    ),
    "code.form": _("“%(value)s” is not a code. A code has up to %(limit)s characters."),
    "number.shortened": _(
        "“%(value)s” is a number that a spreadsheet program has shortened. Format the column as"
        " text there and enter the digits again."
    ),
    "siren.checksum": _(
        "The check digit of SIREN %(value)s does not fit. Compare the number with the register;"
        " it is taken as it stands."
    ),
    "siret.checksum": _(
        "The check digit of SIRET %(value)s does not fit. Compare the number with the register;"
        " it is taken as it stands."
    ),
    "siret.other_company": _(
        "SIRET %(siret)s does not begin with %(siren)s, the SIREN of its company. Correct the"
        " number that is wrong: an establishment under the wrong company gives access to the"
        " wrong people."
    ),
    "place.same_line": _("This line repeats line %(first)s. It is left out."),
    "place.other_parent": _(
        "%(scheme)s %(value)s stands under “%(parent)s” here and under “%(first_parent)s” in line"
        " %(first)s. A place has one parent: correct one of the lines."
    ),
    "place.other_name": _(
        "%(scheme)s %(value)s is called “%(name)s” here and “%(first_name)s” in line %(first)s."
        " Write the same name in both lines."
    ),
    "place.other_details": _(
        "%(scheme)s %(value)s already stands in line %(first)s with other details. Keep one of"
        " the two lines."
    ),
    "place.nearly_same": _(
        "“%(name)s” differs from “%(first_name)s” in line %(first)s only by case or accents. They"
        " are taken as two; write both alike if they are one."
    ),
    "place.under_itself": _(
        "%(reference)s is an establishment of this very company, and the company would stand"
        " under it. Write the name of the group above the company, or leave the cell empty."
    ),
    "place.other_kind": _(
        "%(value)s is already there as another kind of place (%(known_kind)s instead of"
        " %(kind)s). Check that the columns are filled in as their headings say."
    ),
    "place.number_as_name": _(
        "“%(value)s” is a number of the register, not a name. Write the name of the place, and"
        " the number in the column of its own."
    ),
    "place.level_missing": _(
        "Below this, “%(below)s” is filled in. Write the name of the place it stands under."
    ),
    "place.levels_swapped": _(
        "“%(upper)s” is read as the level above “%(lower)s”, but it has more different names"
        " (%(upper_count)s against %(lower_count)s). If it is the other way round, swap the two"
        " headings."
    ),
    "place.named_like_site": _(
        "“%(name)s” is read as the place above “%(company)s”, and an establishment of that company"
        " has the same name. Check that the columns are filled in as their headings say."
    ),
    "postcode.form": _("“%(value)s” is not a postcode. Write up to ten letters and digits."),
    "postcode.zero_lost": _(
        "%(value)s has four digits; French postcodes have five. A leading zero was probably lost:"
        " 0%(value)s. It is taken as it stands."
    ),
    "activity.form": _(
        "“%(value)s” does not look like an APE code, such as 71.12B. It is taken as it stands."
    ),
    "head_office.form": _(
        "“%(value)s” is neither yes nor no. Write yes, no, oui, non, ja or nein."
    ),
}
