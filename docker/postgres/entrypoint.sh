#!/bin/sh
# Starts PostgreSQL in the role the lab gives it.
#
#   NODE          name of the node: what the primary sees as application_name
#   ROLE          primary, replica or restore
#   SYNCHRONOUS   on: the primary acknowledges a commit when any one of its replicas has it on disk
#   PRIMARY_HOST, PRIMARY_PORT, SLOT   of a replica: where it streams from (a primary, or another replica), and its slot there; of a
#                 primary: the same for the day on which it becomes one
#
# The role counts on the first start only. Afterwards the data directory knows: a promoted replica that is killed and started again
# must come back as the primary it became, and a primary in whose data the file regionfall.demoted was written comes back as a replica.
set -eu
bin=/usr/lib/postgresql/17/bin
data=/var/lib/regionfall/data
wal=/var/lib/regionfall/wal # on a disk of its own: data whose disk is full must not take the server down with it
started=$data/regionfall.started
demoted=$data/regionfall.demoted
backup=/restore/base.tar
passfile=/run/postgresql/passfile # not in primary_conninfo, which is logged when it changes

replica() {
	cat >"$data/postgresql.auto.conf.new" <<CONF
primary_conninfo = 'host=$PRIMARY_HOST port=$PRIMARY_PORT user=postgres passfile=$passfile application_name=$NODE connect_timeout=2'
primary_slot_name = '$SLOT'
${1:-}
CONF
	mv "$data/postgresql.auto.conf.new" "$data/postgresql.auto.conf"
	touch "$data/standby.signal"
}

# demote makes a primary that has ended a replica. What the automation noted of a switchover it has to find again, and synchronous commits are
# a matter of the cluster: the day may come when it is promoted again. A node that dies in the middle does it again.
demote() {
	kept=$(grep -E '^(regionfall\.|synchronous_standby_names)' "$data/postgresql.auto.conf") || kept=
	replica "$kept"
	rm -f "$demoted"
}

primary() {
	: >"$data/postgresql.auto.conf"
	if [ "${SYNCHRONOUS:-off}" = on ]; then
		echo "synchronous_standby_names = 'ANY 1 (*)'" >"$data/postgresql.auto.conf"
	fi
}

# restore waits for a base backup (with its WAL; it appears by rename, so it is whole) and puts it in place of the data. What the
# node it was taken from was, must not leak; the replication slots, which no backup has, stay. recovery.signal ends recovery on a new
# timeline: the old primary may live on elsewhere, and the two histories must be told apart.
restore() {
	trap 'exit 0' INT TERM
	echo "waiting for $backup" >&2
	until [ -f "$backup" ]; do sleep 0.05; done
	trap - INT TERM
	echo "restoring $backup" >&2
	find "$data" "$wal" -mindepth 1 ! -path "$data/pg_wal" ! -path "$data/pg_replslot*" -delete
	tar --extract --file="$backup" --directory="$data" --keep-directory-symlink
	rm -f "$data/standby.signal" "$data/postmaster.pid" "$data/postmaster.opts" "$started"
	: >"$data/postgresql.auto.conf"
	touch "$data/recovery.signal"
	chmod 0700 "$data"
}

if [ ! -f "$started" ]; then
	case ${ROLE:-} in
	primary) primary ;;
	replica) replica ;;
	restore) restore ;;
	*)
		echo "ROLE is '${ROLE:-}': want primary, replica or restore" >&2
		exit 64
		;;
	esac
	touch "$started"
fi

(umask 077 && printf '*:*:*:postgres:%s\n' "$SECRET" >"$passfile")

# run runs the server until it ends, and leaves its exit code in code.
run() {
	# How far a fault had the server lag behind is a matter of the process that was told so.
	sed -i '/^recovery_min_apply_delay/d' "$data/postgresql.auto.conf"

	# While a backup is being recovered nobody may read from it: half of a history is not an answer.
	hot_standby=on
	if [ -f "$data/recovery.signal" ]; then
		hot_standby=off
	fi

	# wal_keep_size: replicas come to a slot that nobody has used yet when they follow one of them that was promoted.
	# max_slot_wal_keep_size: one that never comes back must not fill the disk of the node it left.
	"$bin/postgres" -D "$data" \
		-c listen_addresses='*' \
		-c unix_socket_directories=/run/postgresql \
		-c max_connections=200 \
		-c shared_buffers=64MB \
		-c jit=off \
		-c fsync=on \
		-c full_page_writes=on \
		-c synchronous_commit=on \
		-c wal_level=replica \
		-c wal_log_hints=on \
		-c max_wal_senders=10 \
		-c max_wal_size=2GB \
		-c wal_keep_size=256MB \
		-c max_slot_wal_keep_size=1GB \
		-c checkpoint_timeout=15min \
		-c hot_standby="$hot_standby" \
		-c restore_command=false \
		-c wal_retrieve_retry_interval=100ms \
		-c wal_sender_timeout=2s \
		-c wal_receiver_timeout=2s \
		-c timezone=UTC \
		-c log_timezone=UTC \
		-c log_line_prefix='%m [%p] ' \
		-c logging_collector=off &
	server=$!
	while :; do
		code=0
		wait "$server" || code=$?
		kill -0 "$server" 2>/dev/null || break # else a signal ended the waiting, and not the server
	done
	server=
}

# The server is not the node's first process: one that is demoted has to end, and must not take the node with it.
server= stopping=
trap 'stopping=yes; [ -z "$server" ] || kill -INT "$server"' INT TERM # fast shutdown: do not wait for clients
while :; do
	if [ -f "$demoted" ]; then
		demote
	fi
	run
	[ -z "$stopping" ] && [ -f "$demoted" ] || exit "$code"
done
