-- The second wall: a session sees and writes rows of the organisations that it names, and of no other (decision 0046).
-- milepost.organisations holds their ids, separated by commas, or * for all; where it is not set, nothing is seen.
-- store/sql/row_security.py guards every table that has an org_id by a policy that asks these functions.
create function visible_organisations() returns bigint[] language sql stable parallel safe return
    string_to_array(nullif(nullif(current_setting('milepost.organisations', true), ''), '*'), ',')::bigint[];
create function sees_every_organisation() returns boolean language sql stable parallel safe return
    coalesce(current_setting('milepost.organisations', true) = '*', false);
