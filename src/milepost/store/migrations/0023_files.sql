-- Which changes of definitions were published from files.
create table change_from_files (
    org_id bigint not null references organisation (org_id),
    change_id bigint not null,
    primary key (org_id, change_id)
);
