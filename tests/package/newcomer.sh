#!/bin/sh
# Follows README.md to the letter on a bare Debian 12, from a fresh clone: every command that it gives as one for sh, in order; and
# compares what it says they print. Needs root and a network; takes as long as ./test.sh.
set -eu
cd "$(dirname "$0")/../.."
. tests/common.sh
need_packages debootstrap git python3
mkdir -p build
. tests/package/chroot.sh

fresh_chroot newcomer
name=convert-legacy-stream
git clone -q --no-hardlinks . "$chroot/root/$name"
# A script of all blocks for sh. What such a block prints goes to a file if the block behind it says what that is.
python3 - "$chroot/root" <<'END'
import re
import sys
from pathlib import Path

root = Path(sys.argv[1])
blocks = re.findall(r"^```(sh)?\n(.*?)^```$", (root / "convert-legacy-stream" / "README.md").read_text(), re.M | re.S)
script = "set -eu\ncd /root/convert-legacy-stream\n"
for number, (shell, text) in enumerate(blocks):
    if shell:
        output = f">/root/printed.{number + 1} 2>&1" if number + 1 < len(blocks) and not blocks[number + 1][0] else ""
        script += f"cat <<'SHOWN'\n{text}SHOWN\n{{\n{text}}} {output}\n"
    else:
        (root / f"expected.{number}").write_text(text)
(root / "newcomer.sh").write_text(script)
END
inside sh /root/newcomer.sh
for printed in "$chroot"/root/printed.*; do
    diff "$(echo "$printed" | sed 's/printed/expected/')" "$printed"
done
echo "README.md: all commands worked, and printed what it says"
rm -rf "$chroot"
