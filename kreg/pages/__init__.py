"""What a run or a sweep has to say, as a page, as Markdown and in the terminal.

A `View` (`kreg.pages.views`) is built once, section by section (`kreg.pages.sections`), and walked
by `html`, `markdown` and `terminal`. No Keras, no TensorFlow.
"""

from kreg.pages.reporting import Report, report, write_all
from kreg.pages.views import View

__all__ = ["Report", "View", "report", "write_all"]
