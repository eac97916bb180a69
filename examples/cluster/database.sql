-- Run once by the superuser, on an empty volume. The role of the nodes owns its database and is nothing more, so that the policies
-- of its tables hold for it. The superuser is left without a password: docker compose exec db psql -U postgres
\getenv password POSTGRES_PASSWORD
CREATE ROLE tocsin LOGIN PASSWORD :'password';
CREATE DATABASE tocsin OWNER tocsin;
ALTER ROLE postgres PASSWORD NULL;
