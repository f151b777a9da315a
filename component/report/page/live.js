// A page that is served: it looks every second whether the run has gone on, and loads itself again where the reader was.
'use strict';
(() => {
  const KEY = 'torchport-view', parts = () => [...document.querySelectorAll('details')];
  const kept = JSON.parse(sessionStorage.getItem(KEY) || 'null');
  if (kept) {
    kept.open.forEach(place => { if (parts()[place]) parts()[place].open = true; });
    scrollTo(0, kept.scroll);
  }
  const look = async () => {
    const answer = await fetch('stamp').catch(() => null);
    if (!answer || !answer.ok || await answer.text() === STAMP) return;
    const open = parts().flatMap((part, place) => part.open ? [place] : []);
    sessionStorage.setItem(KEY, JSON.stringify({open, scroll: scrollY}));
    location.reload();
  };
  // What is under way says anew how far it has come.
  const tell = async () => {
    const answer = await fetch('progress').catch(() => null);
    if (!answer || !answer.ok) return;
    for (const {name, time, said, share} of await answer.json()) {
      const all = kind => [...document.querySelectorAll(`[data-${kind}]`)].filter(one => one.dataset[kind] === name);
      all('time').forEach(one => { one.textContent = time; });
      all('progress').forEach(line => {
        const bar = line.querySelector('progress');
        line.querySelector('.said').textContent = said;
        bar.hidden = share === null;
        if (share !== null) bar.value = share;
      });
    }
  };
  setInterval(() => { look(); tell(); }, 1000);
})();
