-- oldest: 0024_when_definitions_changed.sql
-- The second wall: a session sees and writes rows of the organisations that it names, and of no other (decision 0046).
-- milepost.organisations holds their ids, separated by commas, or * for all; where it is empty, nothing is seen. A session
-- that never set it is that of an administrator, or of a program of before: it sees everything, unless it serves.
-- store/sql/row_security.py guards every table that has an org_id by a policy that asks these functions.
create function visible_organisations() returns bigint[] language sql stable parallel safe return
    string_to_array(nullif(nullif(current_setting('milepost.organisations', true), ''), '*'), ',')::bigint[];
create function sees_every_organisation() returns boolean language sql stable parallel safe return
    coalesce(current_setting('milepost.organisations', true) = '*', current_user <> 'milepost_application');
