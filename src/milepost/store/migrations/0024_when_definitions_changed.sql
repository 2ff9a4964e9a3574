-- When each version of a definition was made, so that what was in force at an instant can be found.
alter table target_group_version add column made_at timestamptz;
update target_group_version
set made_at = to_timestamp((body::json -> 'attribution' ->> 'updated_at')::bigint / 1000000.0);
