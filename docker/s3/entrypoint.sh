#!/bin/sh
# Starts the object store of one region. REGION is what requests must be signed for.
set -eu
data=/var/lib/regionfall/data
exec versitygw --keep-alive --quiet --region "${REGION:-us-east-1}" posix --versioning-dir "$data/versions" "$data/objects"
