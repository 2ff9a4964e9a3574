-- oldest: 0020_users.sql
-- The latest events of all customers are found by when they were received. Events lie in that order, so the least and the
-- greatest instant of each span of pages is enough: an entry for some thousand events instead of one for each.
create index event_received on event using brin (received_at) with (pages_per_range = 32, autosummarize = on);
