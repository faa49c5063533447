"""Follows links within the directory of START, and nothing else: scrapy runspider -a start=URL."""
from urllib.parse import urljoin

import scrapy


class Links(scrapy.Spider):
    name = "links"
    custom_settings = {"LOG_LEVEL": "ERROR", "CONCURRENT_REQUESTS": 32, "CONCURRENT_REQUESTS_PER_DOMAIN": 32,
                       "ROBOTSTXT_OBEY": False, "TELNETCONSOLE_ENABLED": False}

    def __init__(self, start, **kw):
        super().__init__(**kw)
        self.start_urls = [start]
        self.scope = urljoin(start, ".")
        self.pages = 0

    def parse(self, response):
        if not isinstance(response, scrapy.http.HtmlResponse):
            return
        self.pages += 1
        for href in response.css("a::attr(href)").getall():
            url = response.urljoin(href).split("#")[0]
            if url.startswith(self.scope):
                yield scrapy.Request(url)

    def closed(self, reason):
        print(self.pages)
