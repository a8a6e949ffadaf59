#!/bin/sh
# Runs a program and fails when it fails, or when a sanitizer reported something in it or in one of
# its children. Criterion ends a test's process before its exit code says that memory leaked, so the
# reports are gathered in files.
set -u
reports=$(mktemp -d)
chmod 755 "$reports"
trap 'rm -rf "$reports"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

export ASAN_OPTIONS="log_path=$reports/address:detect_leaks=1:strict_string_checks=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
export UBSAN_OPTIONS="log_path=$reports/undefined:print_stacktrace=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}"
export TSAN_OPTIONS="log_path=$reports/thread:second_deadlock_stack=1:suppressions=$(dirname "$0")/tsan.supp${TSAN_OPTIONS:+:$TSAN_OPTIONS}"
"$@"
result=$?
for report in "$reports"/*; do
    [ -s "$report" ] || continue # a process that was killed may leave an empty one
    # A test that failed left the rest of its work undone: what it did not free says nothing.
    if [ "$result" != 0 ] && grep -q 'detected memory leaks' "$report" &&
        grep -q criterion_internal_test_main "$report"; then
        continue
    fi
    cat "$report"
    [ "$result" != 0 ] || result=1
done
exit "$result"
