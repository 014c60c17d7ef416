#!/usr/bin/env bash
# Sample reports as people meet them: opened from files in Chromium, by mouse and by keyboard, in both colour schemes.
# Pages and screenshots lie under verify-output/report.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh chromium chromium-driver python3-selenium fonts-liberation fonts-noto-cjk
out=$PWD/verify-output/report
rm -rf "$out" && mkdir -p "$out"
swift build -c release --explicit-target-dependency-import-check error --product write-report-samples
.build/release/write-report-samples "$out"
# Debian's own Python has Debian's selenium.
/usr/bin/python3 Tests/HTMLReportSamples/check_pages.py "$out"
