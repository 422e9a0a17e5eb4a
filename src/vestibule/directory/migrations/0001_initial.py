import django.db.models.deletion
import vestibule.directory.models.tenancy
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Firm",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=vestibule.directory.models.tenancy.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("slug", models.SlugField(max_length=60, unique=True)),
                ("name", models.CharField(max_length=200)),
                ("blueprint", models.CharField(max_length=60)),
                ("default_language", models.CharField(default="en", max_length=8)),
                ("time_zone", models.CharField(default="Europe/Paris", max_length=60)),
                ("accent", models.CharField(default="#2450c8", max_length=7)),
                ("epoch", models.BigIntegerField(default=1)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                (
                    "id",
                    models.UUIDField(
                        default=vestibule.directory.models.tenancy.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("email", models.CharField(max_length=254)),
                ("canonical_email", models.CharField(max_length=254)),
                ("login_key", models.CharField(max_length=320, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("staff", "Staff"), ("client", "Client")], max_length=10
                    ),
                ),
                ("first_name", models.CharField(blank=True, default="", max_length=100)),
                ("last_name", models.CharField(blank=True, default="", max_length=100)),
                ("language", models.CharField(default="en", max_length=8)),
                ("phone", models.CharField(blank=True, default="", max_length=20)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("awaiting_validation", "Awaiting Validation"),
                            ("refused", "Refused"),
                            ("ready", "Ready"),
                            ("invited", "Invited"),
                            ("active", "Active"),
                            ("deactivated", "Deactivated"),
                            ("erased", "Erased"),
                        ],
                        max_length=24,
                    ),
                ),
                ("state_reason", models.CharField(blank=True, default="", max_length=500)),
                (
                    "state_before_deactivation",
                    models.CharField(blank=True, default="", max_length=24),
                ),
                ("state_since", models.DateTimeField()),
                ("epoch", models.BigIntegerField(default=1)),
                ("version", models.PositiveIntegerField(default=1)),
                ("search_text", models.TextField(default="")),
                ("sort_key", models.CharField(default="", max_length=460)),
                ("last_sign_in_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["firm", "sort_key", "id"], name="user_list"),
                    models.Index(
                        fields=["firm", "state", "sort_key", "id"], name="user_list_by_state"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="user_firm_id"),
                    vestibule.directory.models.tenancy.TenantFK(
                        column="created_by_id",
                        name="user_created_by_id_of_firm",
                        to="directory_user",
                    ),
                    models.UniqueConstraint(
                        fields=("firm", "canonical_email"), name="user_one_address_per_firm"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "awaiting_validation",
                                    "refused",
                                    "ready",
                                    "invited",
                                    "active",
                                    "deactivated",
                                    "erased",
                                ],
                            )
                        ),
                        name="user_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["staff", "client"])), name="user_kind"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EventHead",
            fields=[
                (
                    "firm",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="directory.firm",
                    ),
                ),
                ("sequence", models.BigIntegerField(default=0)),
                (
                    "hash",
                    models.CharField(
                        default="0000000000000000000000000000000000000000000000000000000000000000",
                        max_length=64,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sequence", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("name", models.CharField(max_length=60)),
                ("actor_kind", models.CharField(max_length=16)),
                ("actor_user_id", models.UUIDField(null=True)),
                ("actor_name", models.CharField(blank=True, default="", max_length=60)),
                ("door", models.CharField(max_length=16)),
                ("on_behalf_of_id", models.UUIDField(null=True)),
                ("object_type", models.CharField(max_length=30)),
                ("object_id", models.CharField(max_length=64)),
                ("place_id", models.UUIDField(null=True)),
                ("public", models.JSONField(default=dict)),
                ("commitment", models.CharField(blank=True, default="", max_length=64)),
                ("previous_hash", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["firm", "object_type", "object_id", "sequence"],
                        name="event_of_object",
                    ),
                    models.Index(fields=["firm", "place_id", "sequence"], name="event_at_place"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="event_firm_id"),
                    models.UniqueConstraint(
                        fields=("firm", "sequence"), name="event_sequence_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Draft",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=vestibule.directory.models.tenancy.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("wizard", models.CharField(max_length=40)),
                ("data", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("result_id", models.UUIDField(null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["firm", "owner", "updated_at"], name="draft_of_owner")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="draft_firm_id"),
                    vestibule.directory.models.tenancy.TenantFK(
                        column="owner_id",
                        name="draft_owner_id_of_firm",
                        on_delete="CASCADE",
                        to="directory_user",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EventValue",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("user_id", models.UUIDField(null=True)),
                ("salt", models.CharField(max_length=64)),
                ("values", models.JSONField()),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="values_rows",
                        to="directory.event",
                    ),
                ),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["firm", "user_id"], name="eventvalue_of_user")],
                "constraints": [
                    vestibule.directory.models.tenancy.TenantFK(
                        column="event_id", name="eventvalue_event_id_of_firm", to="directory_event"
                    ),
                    models.UniqueConstraint(
                        fields=("firm", "event"), name="eventvalue_one_per_event"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FirmHost",
            fields=[
                ("host", models.CharField(max_length=253, primary_key=True, serialize=False)),
                (
                    "firm",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hosts",
                        to="directory.firm",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="FirmPlan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("plan", models.CharField(max_length=60)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until__isnull", True)),
                        fields=("firm",),
                        name="firmplan_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until__isnull", True),
                            ("until__gte", models.F("since")),
                            _connector="OR",
                        ),
                        name="firmplan_span",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FirmPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("value", models.JSONField()),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="firmpolicy_firm_id"),
                    models.UniqueConstraint(
                        condition=models.Q(("until__isnull", True)),
                        fields=("firm", "name"),
                        name="firmpolicy_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until__isnull", True),
                            ("until__gte", models.F("since")),
                            _connector="OR",
                        ),
                        name="firmpolicy_span",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FirmWord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=120)),
                ("language", models.CharField(max_length=8)),
                ("text", models.CharField(max_length=200)),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("firm", "key", "language"), name="firmword_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("actor_user_id", models.UUIDField()),
                ("action", models.CharField(max_length=80)),
                ("key", models.CharField(max_length=80)),
                ("result_type", models.CharField(default="", max_length=30)),
                ("result_id", models.CharField(default="", max_length=64)),
                ("created_at", models.DateTimeField()),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("firm", "actor_user_id", "action", "key"),
                        name="idempotencykey_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=vestibule.directory.models.tenancy.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("email", models.CharField(max_length=254)),
                ("user_version", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("accepted", "Accepted"),
                            ("cancelled", "Cancelled"),
                            ("expired", "Expired"),
                            ("replaced", "Replaced"),
                        ],
                        default="pending",
                        max_length=12,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("page_seen_at", models.DateTimeField(null=True)),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
                (
                    "invited_by",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["firm", "state", "expires_at"], name="invitation_due")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="invitation_firm_id"),
                    vestibule.directory.models.tenancy.TenantFK(
                        column="user_id",
                        name="invitation_user_id_of_firm",
                        on_delete="CASCADE",
                        to="directory_user",
                    ),
                    vestibule.directory.models.tenancy.TenantFK(
                        column="invited_by_id",
                        name="invitation_invited_by_id_of_firm",
                        to="directory_user",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "pending")),
                        fields=("firm", "user"),
                        name="invitation_one_pending",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["pending", "accepted", "cancelled", "expired", "replaced"],
                            )
                        ),
                        name="invitation_state",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=60)),
                ("arguments", models.JSONField(default=dict)),
                ("unique_key", models.CharField(max_length=120)),
                ("created_at", models.DateTimeField()),
                ("last_error", models.CharField(blank=True, default="", max_length=500)),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="job_firm_id"),
                    models.UniqueConstraint(
                        fields=("firm", "unique_key"), name="job_once_per_tick"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OutboxMessage",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=40)),
                ("message_id", models.CharField(max_length=200, unique=True)),
                ("sealed", models.BinaryField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("handed_over", "Handed Over"),
                            ("refused", "Refused"),
                            ("dead", "Dead"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="queued",
                        max_length=12,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("handed_over_at", models.DateTimeField(null=True)),
                ("last_error", models.CharField(blank=True, default="", max_length=500)),
                ("attempts", models.PositiveIntegerField(default=0)),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
                (
                    "invitation",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="directory.invitation",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["firm", "user", "created_at"], name="outbox_of_user")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="outboxmessage_firm_id"),
                    vestibule.directory.models.tenancy.TenantFK(
                        column="user_id",
                        name="outboxmessage_user_id_of_firm",
                        on_delete="CASCADE",
                        to="directory_user",
                    ),
                    vestibule.directory.models.tenancy.TenantFK(
                        column="invitation_id",
                        name="outboxmessage_invitation_id_of_firm",
                        on_delete="CASCADE",
                        to="directory_invitation",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["queued", "handed_over", "refused", "dead", "withdrawn"])
                        ),
                        name="outboxmessage_state",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Permission",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=vestibule.directory.models.tenancy.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("kind", models.CharField(max_length=20)),
                (
                    "level_set",
                    models.CharField(
                        choices=[
                            ("switch", "switch"),
                            ("none_read_edit", "none_read_edit"),
                            ("none_validation_yes", "none_validation_yes"),
                        ],
                        max_length=24,
                    ),
                ),
                ("audience", models.CharField(default="client", max_length=10)),
                ("first_bit", models.PositiveIntegerField(null=True)),
                ("ordinal", models.PositiveIntegerField()),
                ("icon", models.CharField(blank=True, default="", max_length=60)),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.permission",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="permission_firm_id"),
                    vestibule.directory.models.tenancy.TenantFK(
                        column="parent_id",
                        name="permission_parent_id_of_firm",
                        to="directory_permission",
                    ),
                    models.UniqueConstraint(fields=("firm", "name"), name="permission_name_once"),
                    models.UniqueConstraint(
                        fields=("firm", "first_bit"), name="permission_bit_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PermissionSet",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=vestibule.directory.models.tenancy.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="permissionset_firm_id")
                ],
            },
        ),
        migrations.CreateModel(
            name="PermissionSetItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("permission", models.CharField(max_length=120)),
                ("level", models.CharField(max_length=24)),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
                (
                    "permission_set",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="directory.permissionset",
                    ),
                ),
            ],
            options={
                "constraints": [
                    vestibule.directory.models.tenancy.TenantFK(
                        column="permission_set_id",
                        name="permissionsetitem_permission_set_id_of_firm",
                        on_delete="CASCADE",
                        to="directory_permissionset",
                    ),
                    models.UniqueConstraint(
                        fields=("firm", "permission_set", "permission"),
                        name="permissionsetitem_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Place",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=vestibule.directory.models.tenancy.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "acts_as",
                    models.CharField(
                        choices=[
                            ("firm", "Firm"),
                            ("group", "Group"),
                            ("company", "Company"),
                            ("establishment", "Establishment"),
                        ],
                        max_length=20,
                    ),
                ),
                ("path", models.CharField(max_length=512)),
                ("name", models.CharField(max_length=200)),
                ("address", models.CharField(blank=True, default="", max_length=300)),
                ("postcode", models.CharField(blank=True, default="", max_length=20)),
                ("town", models.CharField(blank=True, default="", max_length=120)),
                ("activity_code", models.CharField(blank=True, default="", max_length=20)),
                ("is_head_office", models.BooleanField(default=False)),
                ("is_open", models.BooleanField(default=True)),
                ("is_billable", models.BooleanField(default=False)),
                ("search_text", models.TextField(default="")),
                ("sort_key", models.CharField(default="", max_length=260)),
                ("version", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField()),
                (
                    "company",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.place",
                    ),
                ),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="directory.place",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["firm", "acts_as", "sort_key", "id"], name="place_list"),
                    models.Index(fields=["firm", "company"], name="place_company"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="place_firm_id"),
                    vestibule.directory.models.tenancy.TenantFK(
                        column="parent_id", name="place_parent_id_of_firm", to="directory_place"
                    ),
                    vestibule.directory.models.tenancy.TenantFK(
                        column="company_id", name="place_company_id_of_firm", to="directory_place"
                    ),
                    models.UniqueConstraint(fields=("firm", "path"), name="place_path_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("acts_as__in", ["firm", "group", "company", "establishment"])
                        ),
                        name="place_acts_as",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("acts_as", "firm"), ("parent__isnull", True)),
                            models.Q(
                                models.Q(("acts_as", "firm"), _negated=True),
                                ("parent__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="place_only_root_without_parent",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EnabledApplication",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
                (
                    "application",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.permission",
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.place",
                    ),
                ),
            ],
            options={
                "constraints": [
                    vestibule.directory.models.tenancy.TenantFK(
                        column="company_id",
                        name="enabledapplication_company_id_of_firm",
                        to="directory_place",
                    ),
                    vestibule.directory.models.tenancy.TenantFK(
                        column="application_id",
                        name="enabledapplication_application_id_of_firm",
                        to="directory_permission",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("until__isnull", True)),
                        fields=("firm", "company", "application"),
                        name="enabledapplication_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until__isnull", True),
                            ("until__gte", models.F("since")),
                            _connector="OR",
                        ),
                        name="enabledapplication_span",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="user",
            name="billable_company",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="directory.place",
            ),
        ),
        migrations.CreateModel(
            name="PlaceKind",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=vestibule.directory.models.tenancy.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("code", models.SlugField(max_length=60)),
                (
                    "acts_as",
                    models.CharField(
                        choices=[
                            ("firm", "Firm"),
                            ("group", "Group"),
                            ("company", "Company"),
                            ("establishment", "Establishment"),
                        ],
                        max_length=20,
                    ),
                ),
                ("ordinal", models.PositiveSmallIntegerField()),
                ("parents", models.JSONField(default=list)),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="placekind_firm_id"),
                    models.UniqueConstraint(fields=("firm", "code"), name="placekind_code_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("acts_as__in", ["firm", "group", "company", "establishment"])
                        ),
                        name="placekind_acts_as",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="place",
            name="kind",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="directory.placekind",
            ),
        ),
        migrations.CreateModel(
            name="PlaceOpenSpan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="open_spans",
                        to="directory.place",
                    ),
                ),
            ],
            options={
                "constraints": [
                    vestibule.directory.models.tenancy.TenantFK(
                        column="place_id",
                        name="placeopenspan_place_id_of_firm",
                        to="directory_place",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("until__isnull", True)),
                        fields=("firm", "place"),
                        name="placeopenspan_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until__isnull", True),
                            ("until__gte", models.F("since")),
                            _connector="OR",
                        ),
                        name="placeopenspan_span",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PlaceParentSpan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.place",
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.place",
                    ),
                ),
            ],
            options={
                "constraints": [
                    vestibule.directory.models.tenancy.TenantFK(
                        column="place_id",
                        name="placeparentspan_place_id_of_firm",
                        to="directory_place",
                    ),
                    vestibule.directory.models.tenancy.TenantFK(
                        column="parent_id",
                        name="placeparentspan_parent_id_of_firm",
                        to="directory_place",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("until__isnull", True)),
                        fields=("firm", "place"),
                        name="placeparentspan_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until__isnull", True),
                            ("until__gte", models.F("since")),
                            _connector="OR",
                        ),
                        name="placeparentspan_span",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PlaceReference",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("scheme", models.CharField(max_length=30)),
                ("value", models.CharField(max_length=60)),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="references",
                        to="directory.place",
                    ),
                ),
            ],
            options={
                "constraints": [
                    vestibule.directory.models.tenancy.TenantFK(
                        column="place_id",
                        name="placereference_place_id_of_firm",
                        on_delete="CASCADE",
                        to="directory_place",
                    ),
                    models.UniqueConstraint(
                        fields=("firm", "scheme", "value"), name="placereference_identifies"
                    ),
                    models.UniqueConstraint(
                        fields=("firm", "place", "scheme"), name="placereference_one_of_a_scheme"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Position",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=vestibule.directory.models.tenancy.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("code", models.SlugField(max_length=60)),
                ("ordinal", models.PositiveSmallIntegerField(default=0)),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="position_firm_id"),
                    models.UniqueConstraint(fields=("firm", "code"), name="position_code_once"),
                ],
            },
        ),
        migrations.AddField(
            model_name="user",
            name="position",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="directory.position",
            ),
        ),
        migrations.CreateModel(
            name="Role",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=vestibule.directory.models.tenancy.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("code", models.SlugField(max_length=60)),
                (
                    "audience",
                    models.CharField(
                        choices=[("staff", "staff"), ("client", "client")], max_length=10
                    ),
                ),
                ("name", models.CharField(blank=True, default="", max_length=120)),
                ("is_built_in", models.BooleanField(default=False)),
                ("ordinal", models.PositiveSmallIntegerField(default=0)),
                ("retired_at", models.DateTimeField(null=True)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.place",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="role_firm_id"),
                    vestibule.directory.models.tenancy.TenantFK(
                        column="owner_id", name="role_owner_id_of_firm", to="directory_place"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("owner__isnull", True)),
                        fields=("firm", "code"),
                        name="role_code_once_in_firm",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("owner__isnull", False)),
                        fields=("firm", "owner", "code"),
                        name="role_code_once_in_company",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Grant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
                (
                    "granted_by",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="grants",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "permission_set",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.permissionset",
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.place",
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.role",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["firm", "user", "until"], name="grant_of_user"),
                    models.Index(fields=["firm", "place", "until"], name="grant_at_place"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="grant_firm_id"),
                    vestibule.directory.models.tenancy.TenantFK(
                        column="user_id",
                        name="grant_user_id_of_firm",
                        on_delete="CASCADE",
                        to="directory_user",
                    ),
                    vestibule.directory.models.tenancy.TenantFK(
                        column="place_id", name="grant_place_id_of_firm", to="directory_place"
                    ),
                    vestibule.directory.models.tenancy.TenantFK(
                        column="role_id", name="grant_role_id_of_firm", to="directory_role"
                    ),
                    vestibule.directory.models.tenancy.TenantFK(
                        column="permission_set_id",
                        name="grant_permission_set_id_of_firm",
                        to="directory_permissionset",
                    ),
                    vestibule.directory.models.tenancy.TenantFK(
                        column="granted_by_id",
                        name="grant_granted_by_id_of_firm",
                        to="directory_user",
                    ),
                    vestibule.directory.models.tenancy.TenantFK(
                        column="approved_by_id",
                        name="grant_approved_by_id_of_firm",
                        to="directory_user",
                    ),
                    vestibule.directory.models.tenancy.TenantFK(
                        column="ended_by_id", name="grant_ended_by_id_of_firm", to="directory_user"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("permission_set__isnull", True), ("role__isnull", False)),
                            models.Q(("permission_set__isnull", False), ("role__isnull", True)),
                            _connector="OR",
                        ),
                        name="grant_role_or_set",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("role__isnull", False), ("until__isnull", True)),
                        fields=("firm", "user", "place", "role"),
                        name="grant_role_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until__isnull", True),
                            ("until__gte", models.F("since")),
                            _connector="OR",
                        ),
                        name="grant_span",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RolePermission",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("permission", models.CharField(max_length=120)),
                ("level", models.CharField(max_length=24)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contents",
                        to="directory.role",
                    ),
                ),
            ],
            options={
                "constraints": [
                    vestibule.directory.models.tenancy.TenantFK(
                        column="role_id", name="rolepermission_role_id_of_firm", to="directory_role"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("until__isnull", True)),
                        fields=("firm", "role", "permission"),
                        name="rolepermission_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until__isnull", True),
                            ("until__gte", models.F("since")),
                            _connector="OR",
                        ),
                        name="rolepermission_span",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "session_key_hash",
                    models.CharField(max_length=64, primary_key=True, serialize=False),
                ),
                ("data", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("user_agent", models.CharField(blank=True, default="", max_length=300)),
                ("ip", models.CharField(blank=True, default="", max_length=45)),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["firm", "user"], name="session_of_user"),
                    models.Index(fields=["expires_at"], name="session_expiry"),
                ],
                "constraints": [
                    vestibule.directory.models.tenancy.TenantFK(
                        column="user_id",
                        name="session_user_id_of_firm",
                        on_delete="CASCADE",
                        to="directory_user",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Token",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=vestibule.directory.models.tenancy.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("invitation", "Invitation"),
                            ("password_reset", "Password Reset"),
                            ("one_time_password", "One Time Password"),
                            ("email_change", "Email Change"),
                        ],
                        max_length=20,
                    ),
                ),
                ("secret_hash", models.CharField(max_length=64, unique=True)),
                ("email", models.CharField(max_length=254)),
                ("user_version", models.PositiveIntegerField()),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
                (
                    "invitation",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="directory.invitation",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["firm", "user", "purpose"], name="token_of_user")],
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="token_firm_id"),
                    vestibule.directory.models.tenancy.TenantFK(
                        column="user_id",
                        name="token_user_id_of_firm",
                        on_delete="CASCADE",
                        to="directory_user",
                    ),
                    vestibule.directory.models.tenancy.TenantFK(
                        column="invitation_id",
                        name="token_invitation_id_of_firm",
                        on_delete="CASCADE",
                        to="directory_invitation",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "purpose__in",
                                [
                                    "invitation",
                                    "password_reset",
                                    "one_time_password",
                                    "email_change",
                                ],
                            )
                        ),
                        name="token_purpose",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UserStateSpan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("awaiting_validation", "Awaiting Validation"),
                            ("refused", "Refused"),
                            ("ready", "Ready"),
                            ("invited", "Invited"),
                            ("active", "Active"),
                            ("deactivated", "Deactivated"),
                            ("erased", "Erased"),
                        ],
                        max_length=24,
                    ),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                (
                    "firm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="state_spans",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    vestibule.directory.models.tenancy.TenantFK(
                        column="user_id",
                        name="userstatespan_user_id_of_firm",
                        on_delete="CASCADE",
                        to="directory_user",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("until__isnull", True)),
                        fields=("firm", "user"),
                        name="userstatespan_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until__isnull", True),
                            ("until__gte", models.F("since")),
                            _connector="OR",
                        ),
                        name="userstatespan_span",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkItem",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=vestibule.directory.models.tenancy.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "kind",
                    models.CharField(choices=[("mail", "mail"), ("job", "job")], max_length=10),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("queued", "Queued"), ("done", "Done"), ("dead", "Dead")],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("leased_until", models.DateTimeField(null=True)),
                ("leased_by", models.CharField(blank=True, default="", max_length=64)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "firm",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="directory.firm",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "queued")),
                        fields=["due_at"],
                        name="workitem_due",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["queued", "done", "dead"])),
                        name="workitem_state",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="place",
            constraint=vestibule.directory.models.tenancy.TenantFK(
                column="kind_id", name="place_kind_id_of_firm", to="directory_placekind"
            ),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(fields=["firm", "billable_company"], name="user_billed"),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=vestibule.directory.models.tenancy.TenantFK(
                column="position_id", name="user_position_id_of_firm", to="directory_position"
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=vestibule.directory.models.tenancy.TenantFK(
                column="billable_company_id",
                name="user_billable_company_id_of_firm",
                to="directory_place",
            ),
        ),
    ]
