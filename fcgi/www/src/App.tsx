import { useCallback, useEffect, useState } from 'react';
import { Door, SignedIn } from './components/Door';
import { Icon, type IconName } from './components/Icon';
import { NoticeArea, useNotice } from './components/Notices';
import { ThemeToggle } from './components/ThemeToggle';
import { useCardActions } from './hooks/useCardActions';
import { useCrawls } from './hooks/useCrawls';
import { useFigures } from './hooks/useFigures';
import { link, useRoute } from './hooks/useRoute';
import { plural, shortUrl } from './lib/format';
import { ItemPage } from './pages/ItemPage';
import { KnowledgePage } from './pages/KnowledgePage';
import { McpPage } from './pages/McpPage';
import { SearchPage } from './pages/SearchPage';
import { StatusPage } from './pages/StatusPage';
import { CrawlBoard, type TrackedCrawl } from './services/crawlBoard';
import { isTerminal } from './services/types';

const PAGES: { page: string; name: string; second?: string; icon: IconName }[] = [
  { page: '', name: 'Knowledge', second: 'base', icon: 'book' },
  { page: 'search', name: 'Search', icon: 'search' },
  { page: 'mcp', name: 'MCP', icon: 'plug' },
  { page: 'status', name: 'Status', icon: 'pulse' },
];

// Once a frame is as often as anyone can see; with many cards a few times a
// second will do, and leaves the browser its time.
const MANY = 8;
const board: CrawlBoard = new CrawlBoard({
  schedule: (flush) => {
    if (board.crawls().length <= MANY) requestAnimationFrame(flush);
    else setTimeout(() => requestAnimationFrame(flush), 200);
  },
});

export function App() {
  return (
    <Door>
      <NoticeArea>
        <Shell />
      </NoticeArea>
    </Door>
  );
}

function Shell() {
  const { page, id } = useRoute();
  const notice = useNotice();
  const [ended, setEnded] = useState(0);
  const onEnd = useCallback(
    ({ data }: TrackedCrawl) => {
      setEnded((n) => n + 1);
      const name = data.fileName ?? shortUrl(data.url);
      const seen = page === '' || page === 'item'; // its card shows it there
      if (data.status === 'completed') notice(data.kind === 'upload' ? `${name} is ready to search.` : `${name}: ${plural(data.processedPages ?? 0, 'page', 'pages')} ready to search.`, 'done', { spoken: seen });
      else if (data.status === 'error') notice(`${name} could not be read.`, 'error', { spoken: seen });
      else notice(`${name} was cancelled.`, 'info', { spoken: seen });
    },
    [notice, page],
  );
  const { crawls, trouble } = useCrawls(board, onEnd);
  const running = crawls.filter((c) => !isTerminal(c.data.status)).length;
  useFigures(crawls);
  const cards = useCardActions(board);
  const here = PAGES.find((p) => p.page === page) ?? PAGES[0]!;

  useEffect(() => {
    document.title = `${running > 0 ? `(${running}) ` : ''}${here.name}${here.second ? ` ${here.second}` : ''} – archon`;
  }, [here, running]);

  return (
    <>
      <a className="skip" href="#main" onClick={(e) => { e.preventDefault(); document.getElementById('main')?.focus(); }}>
        Skip to the content
      </a>
      <header className="top">
        <div className="top-inner">
          <a className="brand" href={link('')}>
            <img src="./icon.svg" alt="" width="26" height="26" /> archon
          </a>
          <nav aria-label="Pages">
            {PAGES.map((p) => (
              <a key={p.page} href={link(p.page)} aria-current={p === here ? 'page' : undefined}>
                <Icon name={p.icon} size={16} />
                <span>
                  {p.name}
                  {p.second && <span className="second"> {p.second}</span>}
                </span>
                {p.page === 'status' && running > 0 && <span className="pill" aria-label={`${running} running`}>{running}</span>}
              </a>
            ))}
          </nav>
          <SignedIn />
          <ThemeToggle />
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {here.page === 'search' ? (
          <SearchPage key="search" />
        ) : here.page === 'status' ? (
          <StatusPage crawls={crawls} ended={ended} trouble={trouble} />
        ) : here.page === 'mcp' ? (
          <McpPage />
        ) : page === 'item' && id ? (
          <ItemPage key={id} id={id} board={board} crawls={crawls} cards={cards} />
        ) : (
          <KnowledgePage board={board} crawls={crawls} cards={cards} />
        )}
      </main>
    </>
  );
}
