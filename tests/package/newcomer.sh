#!/bin/sh
# Runs all sh commands of README.md and docs/restoring.md in order, in a fresh clone on a minimal Debian 12, and compares their output with the
# documented output. Needs root and a network. Takes as long as ./test.sh, unless WITHOUT_TESTS is set.
set -eu
cd "$(dirname "$0")/../.."
. tests/common.sh
need_packages debootstrap git python3
mkdir -p build
. tests/package/chroot.sh

fresh_chroot newcomer
name=convert-legacy-stream
git clone -q --no-hardlinks . "$chroot/root/$name"
# Makes a script of all sh blocks. If the next block has the expected output, the output is written to a file.
python3 - "$chroot/root" README.md docs/restoring.md <<'END'
import os
import re
import sys
from pathlib import Path

root = Path(sys.argv[1])
script = "set -eu\ncd /root/convert-legacy-stream\n"
for document in sys.argv[2:]:
    blocks = re.findall(r"^```(sh)?\n(.*?)^```$", (root / "convert-legacy-stream" / document).read_text(), re.M | re.S)
    for number, (shell, text) in enumerate(blocks):
        name = f"{Path(document).stem}.{number}"
        if shell:
            if "WITHOUT_TESTS" in os.environ:
                text = re.sub(r"^\./test\.sh .*\n", "", text, flags=re.M)
            told = number + 1 < len(blocks) and not blocks[number + 1][0]
            script += f"cat <<'SHOWN'\n{text}SHOWN\n{{\n{text}}} {f'>/root/printed.{name} 2>&1' if told else ''}\n"
            if told:
                (root / f"expected.{name}").write_text(blocks[number + 1][1])
(root / "newcomer.sh").write_text(script)
END
inside sh /root/newcomer.sh
wrong=0
for printed in "$chroot"/root/printed.*; do
    diff "$(echo "$printed" | sed 's/printed/expected/')" "$printed" || wrong=1
done
[ $wrong -eq 0 ]
echo "README.md, docs/restoring.md: all commands worked, and printed what they say"
rm -rf "$chroot"
