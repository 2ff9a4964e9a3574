-- Who changed an organisation's settings, and when.
alter table organisation_version add column changed_at timestamptz;
alter table organisation_version add column changed_by text;
