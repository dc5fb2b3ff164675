#!/bin/sh
# ./run with stand-ins for CMake, CTest and dpkg, called from another folder: where install and uninstall go, and that
# tests which fail make ./run test fail.
#   run_script.sh SOURCE WORK
set -eu
source=$1 work=$2
rm -rf "$work"
mkdir -p "$work/project" "$work/bin" "$work/elsewhere/old/lib/sparsec"
cp "$source/run" "$work/project/run"
printf '#!/bin/sh\necho installed\n' > "$work/bin/dpkg-query"
printf '#!/bin/sh\n' > "$work/bin/apt-get"
printf '#!/bin/sh\necho "$*" >> "%s/calls"\n' "$work" > "$work/bin/cmake"
chmod +x "$work/bin/"*
PATH="$work/bin:$PATH"
cd "$work/elsewhere"

fail() { echo "$1" >&2; cat "$work/calls" >&2; exit 1; }
called() { grep -qxF -e "$1" "$work/calls" || fail "not called: cmake $1"; }

../project/run install --prefix new/place > /dev/null
called "--install build --prefix $(pwd -P)/new/place"
../project/run install "--prefix=$work/absolute" > /dev/null
called "--install build --prefix $work/absolute"
../project/run install > /dev/null
called "--install build --prefix /usr/local"
touch old/lib/sparsec/install_manifest.txt
../project/run uninstall --prefix old
called "-DSPARSEC_PREFIX=$(pwd -P)/old -P cmake/uninstall.cmake"
if message=$(../project/run uninstall --prefix none 2>&1); then fail "uninstalls what is not there"; fi
case $message in *"sparsec is not installed in $(pwd -P)/none"*) ;; *) fail "$message" ;; esac
if ../project/run install --prefix= 2> /dev/null; then fail "an empty prefix is taken"; fi

mkdir -p ../project/build-dev
for status in 0 8; do
  printf '#!/bin/sh\necho "99%% tests passed, 1 tests failed out of 100"\nexit %s\n' "$status" > "$work/bin/ctest"
  chmod +x "$work/bin/ctest"
  got=0
  ../project/run test > "$work/out" 2>&1 || got=$?
  [ "$got" = "$status" ] || { cat "$work/out"; fail "./run test ends with $got where ctest ends with $status"; }
  grep -q "1 tests failed out of 100" "$work/out" || fail "the summary is missing"
done
