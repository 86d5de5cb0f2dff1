#!/bin/sh
# Runs tidemark with the Node beside it, wherever the archive was unpacked; also by a link to this file.
self=$0
case $self in
  */bin/tidemark) [ ! -L "$self" ] || self=$(readlink -f -- "$self") ;;
  *) self=$(readlink -f -- "$self") ;;
esac
library=${self%/bin/tidemark}/lib/tidemark
exec "$library/bin/node" "$library/dist/cli/main.js" "$@"
