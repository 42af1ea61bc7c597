#!/bin/sh
# Install Debian's Chromium and a Chinese font for the browser test, where that is possible; else say why not.
command -v chromium >/dev/null 2>&1 && fc-list :lang=zh-tw 2>/dev/null | grep -q . && exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "browser test: no apt-get here; install Chromium yourself or that test is skipped"; exit 0
fi
if [ "$(id -u)" != 0 ]; then
    echo "browser test: not root; 'sudo apt-get install chromium fonts-noto-cjk' or that test is skipped"; exit 0
fi
echo "installing Debian's chromium and fonts-noto-cjk for the browser test"
export DEBIAN_FRONTEND=noninteractive
{ apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk fontconfig; } >/dev/null 2>&1 \
    || echo "browser test: apt-get could not install them; that test is skipped"
exit 0
