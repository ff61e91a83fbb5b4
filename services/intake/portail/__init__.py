"""People's door into intake: pages that read forms and show dossiers. HTML in, commands out; no rule lives here.

acces   who may take a route
page    what a route is, and what a page is given
garde   finds who asks, lets in or not, refuses forged requests
rendu   templates, dates, messages
app     puts the pages together
pages/  the pages, by subject; each module ends with its table `PAGES`
"""
