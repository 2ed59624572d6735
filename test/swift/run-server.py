# Runs a server of Swift: run-server.py <folder of swift.conf> <program> <configuration>. Swift 2.30 needs it for two things that 2.38 does by itself.
import runpy
import sys
from importlib.metadata import version

from swift.common.utils import set_swift_dir

folder, *sys.argv = sys.argv[1:]
set_swift_dir(folder)  # else it looks into /etc/swift
if version('swift').startswith('2.30.'):
    from pkg_resources import Distribution, working_set
    working_set.add(Distribution(project_name='netifaces', version='0.12'))  # netifaces-plus, which needs no compiler, under the name that Swift asks for
runpy.run_path(sys.argv[0], run_name='__main__')
