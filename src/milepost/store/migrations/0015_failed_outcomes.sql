-- A row that a mistake of ours keeps from being relayed is set aside, so that the rows behind it do not wait.
alter table outbox add column failed_at timestamptz;
