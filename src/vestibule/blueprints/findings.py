"""What is wrong in a blueprint: the place in the file, what stands there and what would be right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from django.utils.translation import gettext_lazy as _

SENTENCES: Mapping[str, object] = {
    "blueprint.too_large": _("The file is larger than %(limit)s kB. Leave out what is not needed."),
    "blueprint.not_utf8": _("This line is not UTF-8. Save the file as UTF-8."),
    "blueprint.not_toml": _(
        "This is not TOML (%(detail)s). Write “key = value”, and texts in straight double quotes."
    ),
    "blueprint.not_found": _("There is no blueprint “%(name)s”. There is: %(known)s."),
    "key.unknown": _("This key is not known here. Known keys are: %(known)s."),
    "key.missing": _("The key “%(missing)s” is missing here. Write %(wanted)s."),
    "value.wrong_type": _("Something else stands here. Write %(wanted)s."),
    "value.not_allowed": _("“%(value)s” is not one of the values allowed here: %(known)s."),
    "value.out_of_range": _("%(value)s is not between %(low)s and %(high)s."),
    "value.twice": _("“%(value)s” stands here twice. Once is enough."),
    "text.empty": _("This text is empty. Write at least one visible character."),
    "text.too_long": _("This text is longer than %(limit)s characters. Shorten it."),
    "text.control_characters": _(
        "This text contains characters that cannot be seen. Type it again."
    ),
    "code.malformed": _(
        "“%(value)s” cannot be a code. A code has lower-case letters a–z, digits and underscores,"
        " and begins with a letter: “%(example)s”."
    ),
    "permission.reserved": _(
        "Names that begin with “%(prefix)s” belong to Vestibule. Choose another name, such as"
        " “%(example)s”."
    ),
    "permission.unknown": _(
        "There is no permission “%(value)s”, neither in [catalogue] nor among Vestibule’s own."
        " The nearest name is “%(nearest)s”."
    ),
    "permission.not_a_leaf": _(
        "“%(value)s” has permissions below it and follows them. Name those instead: %(leaves)s."
    ),
    "permission.parent_unknown": _(
        "“%(value)s” is not a permission that stands further up in the file. Write parents before"
        " their children."
    ),
    "permission.parent_needed": _(
        'A permission of kind “%(kind)s” stands below another. Add parent = "…".'
    ),
    "permission.parent_not_allowed": _(
        "A permission of kind “%(kind)s” cannot stand below one of kind “%(parent_kind)s”. The"
        " order is: application, theme, module or general; feature; integration; metric."
    ),
    "permission.other_audience": _(
        "“%(value)s” is for %(audience)s only. Leave it out here, or change its audience."
    ),
    "permission.never_closed": _(
        "No plan can close “%(value)s”: without it nobody could administer. Leave it out."
    ),
    "kind.parent_unknown": _(
        "“%(value)s” is not a kind that stands further up in [kinds]. Write parents before their"
        " children."
    ),
    "kind.parent_not_allowed": _(
        "A kind that acts as %(acts_as)s cannot stand under one that acts as %(parent_acts_as)s."
        " Allowed: %(known)s."
    ),
    "kind.nowhere": _("This kind can stand nowhere. Write at_top = true, or name its parents."),
    "kind.establishment_at_top": _(
        "An establishment always belongs to a company. Write at_top = false."
    ),
    "kind.no_company": _(
        "No kind acts as a company, and users are created at companies. Write"
        ' acts_as = "company" at one of them.'
    ),
    "role.no_administrator": _(
        "No built-in role for %(audience)s holds “%(permission)s”. Add it to one, or nobody"
        " could administer."
    ),
    "role.unknown": _("There is no role “%(value)s” for %(audience)s. There is: %(known)s."),
    "wizard.step_missing": _("The wizard cannot do without the step “%(value)s”. Add it."),
    "wizard.end": _("The wizard ends with the steps “summary” and “receipt”, in this order."),
    "policy.reminder_too_late": _(
        "A reminder after %(value)s days comes when the invitation of %(limit)s days has ended."
        " Choose fewer days."
    ),
    "policy.reminders_order": _("Write the days of the reminders in ascending order, each once."),
    "portfolio.kind_unknown": _("There is no kind “%(value)s” in [kinds]. There is: %(known)s."),
    "portfolio.order": _(
        "“%(value)s” cannot stand under “%(parent)s”. Write the levels from the top down, as"
        " [kinds] allows them."
    ),
    "portfolio.heading_twice": _(
        "The heading “%(value)s” already stands at “%(other)s”. A heading means one thing only."
    ),
    "portfolio.level_needed": _(
        "A line cannot leave out “%(value)s”, because nothing below it could stand anywhere."
        " Write mandatory = true."
    ),
    "portfolio.company_needed": _("One level must be a company. Add [portfolio.%(value)s]."),
    "demo.file_unknown": _("There is no demo file “%(value)s”. There is: %(known)s."),
    "demo.email": _("“%(value)s” is not an address that ends in .example, as demo people need."),
    "demo.siren": _("“%(value)s” is not a SIREN. Write its nine digits."),
    "demo.company_needed": _("A client of the demo needs “%(missing)s”."),
    "demo.staff_everywhere": _("Staff of the demo work in the whole firm. Leave out “%(value)s”."),
    "demo.first_user": _(
        "The first client user of the company %(siren)s must be its administrator: nobody further"
        " up in the file has a role with “%(permission)s” there."
    ),
    "demo.application_not_enabled": _(
        "The company %(siren)s does not have “%(value)s”. Add it to the company in"
        " [demo.applications], or leave it out here."
    ),
    "word.unknown": _("Nothing in this blueprint uses this word. The nearest is “%(nearest)s”."),
    "word.missing": _('The word “%(missing)s” is missing in this language. Add %(missing)s = "…".'),
}


@dataclass(frozen=True, slots=True)
class BlueprintFinding:
    """One fault. `line` counts from 1; `key` is the dotted path of the key, empty for the whole file."""

    file: str
    line: int
    key: str
    code: str
    params: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def message(self) -> str:
        """What is wrong and what would be right, in the language that is active."""
        return str(SENTENCES[self.code]) % self.params

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}"
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class BlueprintRefused(Exception):
    """The blueprint cannot be used. All its faults are in `findings`, in the order of the lines."""

    def __init__(self, findings: tuple[BlueprintFinding, ...]) -> None:
        self.findings = findings
        super().__init__(f"{len(findings)} faults")

    def __str__(self) -> str:
        return "\n".join(str(finding) for finding in self.findings)
