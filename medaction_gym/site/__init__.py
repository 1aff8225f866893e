"""Site: results, episodes and trees as a folder of web pages that need no server.

What is written, and why so:

- ``index.html``, the leaderboard, is complete without JavaScript; the script sorts and filters it.
- ``cases/``: one page a case as played, with the turns of every run on it as JSON inside the page.
  A page opened from a disk may not fetch a file, and data wrapped into scripts would be executed; a
  block of data in the page itself needs neither. So one case is loaded and not all, and what runs
  share (the answers of the record, the names of diseases) stands in its page once.
- ``trees/``: one page a tree, in the same way. Rows of the tree exist only while they are in view.
- ``assets/``: style, scripts and the chart library uPlot, once for all pages.

The pages forbid themselves, by a content security policy, every script that is not one of these
files, every network address and every inline style. Text of cases and agents reaches the document
only through Jinja's escaping or as text nodes, never as markup.
"""
