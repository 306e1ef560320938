#!/bin/sh
# Starts Redis with the arguments the lab gives it, such as --replicaof HOST PORT.
#
# The arguments count on the first start only: they go into the node's own configuration file, which CONFIG REWRITE keeps up to date.
# A promoted replica that is killed and started again must come back as the primary it became.
set -eu
conf=/var/lib/regionfall/data/redis.conf

if [ ! -f "$conf" ]; then
	{
		cat /usr/local/lib/regionfall/redis.conf
		for word in "$@"; do
			case $word in
			--*) printf '\n%s' "${word#--}" ;;
			*) printf ' %s' "$word" ;;
			esac
		done
		echo
	} >"$conf.new"
	mv "$conf.new" "$conf"
fi
exec redis-server "$conf"
