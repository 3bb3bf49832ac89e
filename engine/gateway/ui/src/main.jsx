// The page of shoal: three views of what a peer, or a tracker, knows of a swarm. The hash of the address says which.
import { effect, signal } from '@preact/signals';
import { render } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Dialogs, HeaderButtons, Outcome, askForToken } from './actions.jsx';
import { FlowView } from './flow_view.jsx';
import { Name } from './parts.jsx';
import { followPeer } from './peer_source.js';
import { ShareView } from './share_view.jsx';
import { everySecond, happenings, link, me, place } from './store.js';
import { SwarmView } from './swarm_view.jsx';
import { followTracker } from './tracker_source.js';

/// Screen readers are told of what happens no more often.
const spokenInterval = 5000;

const route = signal(location.hash);
addEventListener('hashchange', () => (route.value = location.hash));

function viewOf(hash) {
  const share = /^#\/share\/([0-9a-f]{64})$/.exec(hash);
  if (share) return { name: 'share', view: <ShareView id={share[1]} />, key: hash };
  if (hash === '#/flow') return { name: 'flow', view: <FlowView />, key: hash };
  return { name: 'swarm', view: <SwarmView />, key: '#/swarm' };
}

function Page() {
  const { name, view, key } = viewOf(route.value);
  const shown = useRef(null);
  const first = useRef(true);
  useEffect(() => {
    // Not at the beginning: then the reader is at the top anyway.
    if (!first.current) {
      scrollTo(0, 0);
      shown.current.querySelector('h1')?.focus();
    }
    first.current = false;
  }, [key]);
  return (
    <>
      <Header name={name} skip={() => shown.current.focus()} />
      <Trouble />
      <main ref={shown} tabIndex={-1} key={key}>
        {view}
      </main>
      <Outcome />
      <Spoken />
      <Dialogs />
    </>
  );
}

function Header({ name, skip }) {
  const figure = me();
  const own = place === 'peer' ? figure?.name : location.host;
  const current = (one) => (name === one ? 'page' : undefined);
  return (
    <header class="top">
      <button type="button" class="skip" onClick={skip}>
        To the content
      </button>
      <a class="logo" href="#/swarm" aria-label="shoal, to the swarm">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path d="M2 16c5-8 13-9 19-3l7-6c-2 6-2 12 0 18l-7-6c-6 6-14 5-19-3z" />
          <circle cx="9" cy="14.6" r="1.5" />
        </svg>
        <span>shoal</span>
      </a>
      <nav aria-label="Views">
        <a href="#/swarm" aria-current={current('swarm')}>
          Swarm
        </a>
        <a href="#/flow" aria-current={current('flow')}>
          Flow
        </a>
      </nav>
      <p class="where">
        <span
          class={`dot ${link.value.state}`}
          role="img"
          aria-label={link.value.state === 'live' ? 'connected' : 'not connected'}
        />
        <Name text={own || location.host} />{' '}
        <span class="quiet">
          {place}
          {figure?.version ? ` ${figure.version}` : ''}
        </span>
      </p>
      <div class="buttons">{place === 'peer' && <HeaderButtons />}</div>
    </header>
  );
}

/// What is wrong with what the page knows.
function Trouble() {
  const now = link.value;
  const away = (me()?.trackers || []).filter((one) => !one.connected);
  return (
    <div role="status">
      {now.state === 'lost' && (
        <p class="trouble">
          <strong>This is not of now.</strong> <bdi>{now.text}</bdi>. The page tries again by itself.
          {now.locked && (
            <>
              {' '}
              <button type="button" onClick={askForToken}>
                Unlock
              </button>
            </>
          )}
        </p>
      )}
      {now.state === 'live' &&
        away.map((one) => (
          <p class="trouble mild" key={one.url}>
            The tracker <bdi>{one.url}</bdi> is away
            {one.reason ? (
              <>
                : <bdi>{one.reason}</bdi>
              </>
            ) : null}
            . The list of the swarm may be old.
          </p>
        ))}
    </div>
  );
}

/// What happened since the last time, in one sentence, for screen readers.
function Spoken() {
  const box = useRef(null);
  useEffect(() => {
    let last = 0;
    let told = 0;
    let timer = 0;
    const speak = () => {
      timer = 0;
      const news = happenings.value.filter((one) => one.number > told);
      if (!news.length) return;
      told = happenings.value[0].number;
      last = Date.now();
      box.current.textContent =
        news.length <= 3
          ? news
              .map((one) => one.text)
              .reverse()
              .join('. ')
          : `${news[0].text}, and ${news.length - 1} more things happened`;
    };
    const forget = happenings.subscribe(
      () => (timer ||= setTimeout(speak, Math.max(0, last + spokenInterval - Date.now()))),
    );
    return () => {
      forget();
      clearTimeout(timer);
    };
  }, []);
  return <div class="unseen" aria-live="polite" ref={box} />;
}

effect(() => {
  const { name } = viewOf(route.value);
  const own = place === 'peer' ? me()?.name : location.host;
  document.title = `${{ swarm: 'Swarm', share: 'Share', flow: 'Flow' }[name]} – ${own || location.host} – shoal`;
});

setInterval(everySecond, 1000);
render(<Page />, document.getElementById('page'));
if (place === 'peer') followPeer();
else followTracker();
