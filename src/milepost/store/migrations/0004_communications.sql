-- What customers are to be told about targets.

create sequence communication_id_seq start 1001;

create table communication (
    org_id bigint not null references organisation,
    target_id bigint not null,
    communication_id bigint not null,
    body text not null,
    primary key (org_id, target_id, communication_id)
);
