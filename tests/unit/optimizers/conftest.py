"""Two logical CPUs, so that distribution is tested without a second device."""

from tests import two_cpus

two_cpus.split()
