#!/bin/sh
# Makes the database cluster, once, when the image is built. Every node starts from a byte-identical copy of it, with the same system
# identifier: a replica streams at once, without a base backup, and no start waits for initdb.
set -eu
bin=/usr/lib/postgresql/17/bin
data=/var/lib/regionfall/data
wal=/var/lib/regionfall/wal

secret=$(mktemp)
printf '%s\n' "$SECRET" >"$secret"
"$bin/initdb" --pgdata="$data" --waldir="$wal" --data-checksums --username=postgres --pwfile="$secret" --auth=scram-sha-256 \
	--encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8 --no-instructions
rm -f "$secret"

cat >"$data/pg_hba.conf" <<'HBA'
local all         all     peer
host  all         all all scram-sha-256
host  replication all all scram-sha-256
HBA

# A slot for each region that may ever stream from this node. It reserves nothing until a replica first uses it, so the copies that
# replicas carry are harmless, and ready for the day one of them is promoted.
"$bin/pg_ctl" --pgdata="$data" --wait --silent \
	--options="-c listen_addresses= -c unix_socket_directories=/tmp -c wal_level=replica" start
"$bin/psql" --host=/tmp --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --set=database="$DATABASE" --set=slots="$SLOTS" postgres <<'SQL'
CREATE DATABASE :"database";
SELECT pg_create_physical_replication_slot(slot) FROM regexp_split_to_table(:'slots', ' ') AS slot;
SQL
"$bin/pg_ctl" --pgdata="$data" --wait --silent --mode=fast stop
