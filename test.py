"""一条命令：准备环境，运行全部测试。后面可以跟 pytest 的参数，如 python3 test.py tests/kb。"""

import sys

import bootstrap

if __name__ == "__main__":
    bootstrap.prepare("[dev]")
    sys.exit(bootstrap.run("-m", "pytest", *sys.argv[1:], folder=bootstrap.ROOT))
