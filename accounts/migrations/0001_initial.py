import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
import voucher_portal.identifiers
import voucher_portal.people
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        BtreeGistExtension(),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('iin', models.CharField(max_length=12, unique=True, validators=[voucher_portal.identifiers.validate_iin], verbose_name='IIN')),
                ('last_name', models.CharField(max_length=100, verbose_name='surname')),
                ('first_name', models.CharField(max_length=100, verbose_name='name')),
                ('middle_name', models.CharField(blank=True, db_default='', default='', max_length=100, verbose_name='patronymic')),
                ('phone', models.CharField(blank=True, db_default='', default='', max_length=20, verbose_name='phone')),
                ('email', models.EmailField(blank=True, db_default='', default='', max_length=254, verbose_name='e-mail')),
                ('language', models.CharField(choices=[('kk', 'Қазақша'), ('ru', 'Русский')], db_default='ru', default='ru', max_length=2, verbose_name='language')),
                ('password', models.CharField(db_default='!', default='!', max_length=128, verbose_name='password')),
                ('is_active', models.BooleanField(db_default=True, default=True, verbose_name='may sign in')),
                ('is_staff', models.BooleanField(db_default=False, default=False, verbose_name='sees the reference admin')),
                ('is_superuser', models.BooleanField(db_default=False, default=False, verbose_name='superuser')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='created at')),
                ('sort_key', models.GeneratedField(db_index=True, db_persist=True, expression=voucher_portal.people.SortKey('last_name', 'first_name', 'middle_name'), output_field=models.TextField(db_collation='C'))),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'person',
                'verbose_name_plural': 'people',
            },
        ),
        migrations.CreateModel(
            name='Organisation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('bin', models.CharField(max_length=12, unique=True, validators=[voucher_portal.identifiers.validate_performer], verbose_name='BIN or IIN')),
                ('name_ru', models.CharField(max_length=300, verbose_name='name in Russian')),
                ('name_kk', models.CharField(max_length=300, verbose_name='name in Kazakh')),
                ('kind', models.CharField(choices=[('PROVIDER', 'Education organisation'), ('DEPARTMENT', 'Education department'), ('OPERATOR', 'Operator'), ('COMMISSION', 'Monitoring commission'), ('OVERSIGHT', 'Oversight body')], max_length=12, verbose_name='kind')),
                ('sort_key_ru', models.GeneratedField(db_index=True, db_persist=True, expression=voucher_portal.people.SortKey('name_ru'), output_field=models.TextField(db_collation='C'))),
                ('sort_key_kk', models.GeneratedField(db_index=True, db_persist=True, expression=voucher_portal.people.SortKey('name_kk'), output_field=models.TextField(db_collation='C'))),
            ],
            options={
                'verbose_name': 'organisation',
                'verbose_name_plural': 'organisations',
                'constraints': [models.CheckConstraint(condition=models.Q(('bin__regex', '^[0-9]{12}$')), name='organisation_bin_is_12_digits'), models.CheckConstraint(condition=models.Q(('kind__in', ['PROVIDER', 'DEPARTMENT', 'OPERATOR', 'COMMISSION', 'OVERSIGHT'])), name='organisation_kind_known')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('PROVIDER_DIRECTOR', 'Director (first head)'), ('PROVIDER_CLERK', 'Employee of the organisation'), ('DEPARTMENT_OFFICER', 'Department officer'), ('DEPARTMENT_HEAD', 'Head of the department'), ('OPERATOR', 'Employee of the operator'), ('COMMISSION_MEMBER', 'Commission member'), ('AUDITOR', 'Auditor'), ('ADMINISTRATOR', 'Administrator')], max_length=20, verbose_name='role')),
                ('valid', django.contrib.postgres.fields.ranges.DateRangeField(help_text='first day included, last day excluded', verbose_name='valid on')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='accounts.organisation', verbose_name='organisation')),
            ],
            options={
                'verbose_name': 'membership',
                'verbose_name_plural': 'memberships',
                'ordering': ['organisation_id', 'role', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='ReadLog',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('object_kind', models.CharField(max_length=40, verbose_name='what was read')),
                ('object_id', models.CharField(max_length=40, verbose_name='identifier')),
                ('read_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='read at')),
                ('ip', models.GenericIPAddressField(null=True, verbose_name='address')),
                ('request_id', models.CharField(blank=True, max_length=64, verbose_name='request')),
                ('organisation', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation', verbose_name='acted for')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reads', to=settings.AUTH_USER_MODEL, verbose_name='person')),
            ],
            options={
                'verbose_name': 'reading of a card',
                'verbose_name_plural': 'readings of cards',
            },
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('iin__regex', '^[0-9]{12}$')), name='user_iin_is_12_digits'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('language__in', ['kk', 'ru'])), name='user_language_known'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['PROVIDER_DIRECTOR', 'PROVIDER_CLERK', 'DEPARTMENT_OFFICER', 'DEPARTMENT_HEAD', 'OPERATOR', 'COMMISSION_MEMBER', 'AUDITOR', 'ADMINISTRATOR'])), name='membership_role_known'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('valid__isempty', False)), name='membership_valid_not_empty'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('user', '='), ('organisation', '='), ('role', '='), ('valid', '&&')], name='membership_no_role_twice_on_one_day', violation_error_message='The person already has this role on some of these days.'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membership',
            trigger=pgtrigger.compiler.Trigger(name='membership_role_fits_kind', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n        IF NOT EXISTS (SELECT 1 FROM accounts_organisation WHERE id = NEW.organisation_id AND ((kind = 'PROVIDER' AND NEW.role IN ('PROVIDER_CLERK', 'PROVIDER_DIRECTOR')) OR (kind = 'DEPARTMENT' AND NEW.role IN ('DEPARTMENT_HEAD', 'DEPARTMENT_OFFICER')) OR (kind = 'OPERATOR' AND NEW.role IN ('ADMINISTRATOR', 'OPERATOR')) OR (kind = 'COMMISSION' AND NEW.role IN ('COMMISSION_MEMBER')) OR (kind = 'OVERSIGHT' AND NEW.role IN ('AUDITOR')))) THEN\n            RAISE EXCEPTION 'role % does not fit the kind of organisation %', NEW.role, NEW.organisation_id\n                USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NEW;\n    ", hash='73bdbf18c59e4b411a68071fa2709964c419ecf5', operation='INSERT OR UPDATE', pgid='pgtrigger_membership_role_fits_kind_259fa', table='accounts_membership', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='readlog',
            index=models.Index(fields=['object_kind', 'object_id', 'read_at'], name='readlog_by_object'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='readlog',
            trigger=pgtrigger.compiler.Trigger(name='readlog_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='eeac9e5165b93f75776f494cead4539125e8f7d5', operation='UPDATE OR DELETE', pgid='pgtrigger_readlog_append_only_6591f', table='accounts_readlog', when='BEFORE')),
        ),
    ]
