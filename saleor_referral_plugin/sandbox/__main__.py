"""`python -m saleor_referral_plugin.sandbox <command>`: Django's manage.py for the sandbox."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "saleor_referral_plugin.sandbox.settings"
    execute_from_command_line(["python -m saleor_referral_plugin.sandbox", *sys.argv[1:]])


if __name__ == "__main__":
    main()
