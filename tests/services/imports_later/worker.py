"""What the service imports when the first message comes."""

import copy_that

send = copy_that.send
