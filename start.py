"""一条命令：准备环境，收录自带资料，打开助手。后面可以跟 `shegong` 的其他命令，如 python3 start.py ask 问题。"""

import sys

import bootstrap

if __name__ == "__main__":
    bootstrap.prepare()
    sys.exit(bootstrap.run("-m", "assistant", *(sys.argv[1:] or ["serve"])))
