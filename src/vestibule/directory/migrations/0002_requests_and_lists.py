import django.db.models.deletion
import vestibule.directory.models.tenancy
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Approval',
            fields=[
                ('id', models.UUIDField(default=vestibule.directory.models.tenancy.new_id, editable=False, primary_key=True, serialize=False)),
                ('act', models.CharField(choices=[('let_in', 'Let In'), ('open_access', 'Open Access')], max_length=20)),
                ('arguments', models.JSONField(default=dict)),
                ('arguments_hash', models.CharField(max_length=64)),
                ('user_version', models.PositiveIntegerField()),
                ('asked_at', models.DateTimeField()),
                ('needs_second_person', models.BooleanField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('approved', 'Approved'), ('refused', 'Refused'), ('withdrawn', 'Withdrawn')], default='waiting', max_length=12)),
                ('decided_at', models.DateTimeField(null=True)),
                ('reason', models.CharField(blank=True, default='', max_length=500)),
                ('asked_by', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('decided_by', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('firm', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.firm')),
                ('place', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.place')),
                ('replaces', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.approval')),
                ('user', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['firm', 'state', 'asked_at', 'id'], name='approval_list'), models.Index(fields=['firm', 'asked_by', 'asked_at'], name='approval_of_asker'), models.Index(fields=['firm', 'user', 'asked_at'], name='approval_of_user')],
                'constraints': [models.UniqueConstraint(fields=('firm', 'id'), name='approval_firm_id'), vestibule.directory.models.tenancy.TenantFK(column='user_id', name='approval_user_id_of_firm', on_delete='CASCADE', to='directory_user'), vestibule.directory.models.tenancy.TenantFK(column='place_id', name='approval_place_id_of_firm', to='directory_place'), vestibule.directory.models.tenancy.TenantFK(column='asked_by_id', name='approval_asked_by_id_of_firm', to='directory_user'), vestibule.directory.models.tenancy.TenantFK(column='decided_by_id', name='approval_decided_by_id_of_firm', to='directory_user'), vestibule.directory.models.tenancy.TenantFK(column='replaces_id', name='approval_replaces_id_of_firm', to='directory_approval'), models.UniqueConstraint(condition=models.Q(('act', 'let_in'), ('state', 'waiting')), fields=('firm', 'user'), name='approval_one_waiting'), models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'approved', 'refused', 'withdrawn'])), name='approval_state'), models.CheckConstraint(condition=models.Q(('act__in', ['let_in', 'open_access'])), name='approval_act')],
            },
        ),
        migrations.CreateModel(
            name='ChainCheck',
            fields=[
                ('id', models.UUIDField(default=vestibule.directory.models.tenancy.new_id, editable=False, primary_key=True, serialize=False)),
                ('asked_at', models.DateTimeField()),
                ('total', models.BigIntegerField()),
                ('checked', models.BigIntegerField(default=0)),
                ('finished_at', models.DateTimeField(null=True)),
                ('broken_at', models.BigIntegerField(null=True)),
                ('fault', models.CharField(blank=True, default='', max_length=200)),
                ('asked_by', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('firm', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.firm')),
            ],
            options={
                'indexes': [models.Index(fields=['firm', 'asked_at'], name='chaincheck_list')],
                'constraints': [models.UniqueConstraint(fields=('firm', 'id'), name='chaincheck_firm_id'), vestibule.directory.models.tenancy.TenantFK(column='asked_by_id', name='chaincheck_asked_by_id_of_firm', to='directory_user')],
            },
        ),
        migrations.CreateModel(
            name='EmailChange',
            fields=[
                ('id', models.UUIDField(default=vestibule.directory.models.tenancy.new_id, editable=False, primary_key=True, serialize=False)),
                ('email', models.CharField(max_length=254)),
                ('canonical_email', models.CharField(max_length=254)),
                ('state', models.CharField(choices=[('pending', 'Pending'), ('confirmed', 'Confirmed'), ('cancelled', 'Cancelled')], default='pending', max_length=12)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('asked_by', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('firm', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.firm')),
                ('token', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.token')),
                ('user', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='email_changes', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('firm', 'id'), name='emailchange_firm_id'), vestibule.directory.models.tenancy.TenantFK(column='user_id', name='emailchange_user_id_of_firm', on_delete='CASCADE', to='directory_user'), vestibule.directory.models.tenancy.TenantFK(column='token_id', name='emailchange_token_id_of_firm', on_delete='CASCADE', to='directory_token'), vestibule.directory.models.tenancy.TenantFK(column='asked_by_id', name='emailchange_asked_by_id_of_firm', to='directory_user'), models.UniqueConstraint(condition=models.Q(('state', 'pending')), fields=('firm', 'user'), name='emailchange_one_pending'), models.CheckConstraint(condition=models.Q(('state__in', ['pending', 'confirmed', 'cancelled'])), name='emailchange_state')],
            },
        ),
        migrations.CreateModel(
            name='FirmLogo',
            fields=[
                ('firm', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='directory.firm')),
                ('png', models.BinaryField()),
                ('width', models.PositiveIntegerField()),
                ('height', models.PositiveIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('changed_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.UUIDField(default=vestibule.directory.models.tenancy.new_id, editable=False, primary_key=True, serialize=False)),
                ('list', models.CharField(max_length=20)),
                ('name', models.CharField(max_length=80)),
                ('query', models.CharField(max_length=2000)),
                ('created_at', models.DateTimeField()),
                ('firm', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.firm')),
                ('owner', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('firm', 'id'), name='savedview_firm_id'), vestibule.directory.models.tenancy.TenantFK(column='owner_id', name='savedview_owner_id_of_firm', on_delete='CASCADE', to='directory_user'), models.UniqueConstraint(fields=('firm', 'owner', 'list', 'name'), name='savedview_name_once')],
            },
        ),
        migrations.AddField(
            model_name='position',
            name='retired_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['firm', 'actor_user_id', 'sequence'], name='event_by_actor'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['firm', 'name', 'sequence'], name='event_by_name'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['firm', 'at'], name='event_by_time'),
        ),
        migrations.AddIndex(
            model_name='grant',
            index=models.Index(fields=['firm', 'role', 'user'], name='grant_of_role'),
        ),
        migrations.AddIndex(
            model_name='user',
            index=models.Index(fields=['firm', 'last_sign_in_at', 'id'], name='user_list_by_sign_in'),
        ),
        migrations.AddIndex(
            model_name='user',
            index=models.Index(fields=['firm', 'created_at', 'id'], name='user_list_by_age'),
        ),
    ]
