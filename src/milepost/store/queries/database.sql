-- durability: the server's settings without which confirmed transactions may be lost
select name, setting from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit');
