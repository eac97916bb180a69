#!/bin/sh
# each.sh PROGRAM...: runs one after the other, all of them, and fails when one did.
status=0
for program; do
    echo "== ${program##*/}"
    "$program" || status=1
done
exit $status
