#!/bin/bash
# What the servers of tests/services need from Debian: installed where that may be, else only looked for.
set -e
needed="ceph-mon ceph-osd radosgw radosgw-admin memcached curl bc"
for one in $needed; do command -v "$one" > /dev/null || missing="$missing $one"; done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    apt-get update -q
    apt-get install -y -q --no-install-recommends ceph-mon ceph-mgr ceph-osd radosgw ceph-common memcached curl bc
    exit 0
fi
echo "install what has these programs:$missing" >&2
exit 1
