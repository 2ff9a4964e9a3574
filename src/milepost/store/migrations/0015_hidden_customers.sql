-- Customers who are not shown on leaderboards.
alter table customer add column hidden boolean not null default false;
create index customer_hidden on customer (org_id, customer_id) where hidden;
