-- durability: settings of the server without which confirmed events may be lost
select name, setting from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit');
