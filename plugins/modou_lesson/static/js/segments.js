/* hls.js on signed addresses: the playlists are made here, each segment's address is asked for when
   it is wanted, and a segment beyond the frontier is waited for. */

const BASE = "/lesson-segments/"; // never requested: only names for hls.js

function master(renditions) {
  const lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"];
  renditions.forEach((r, i) => {
    const size = r.width ? `,RESOLUTION=${r.width}x${r.height}` : "";
    const codecs = r.codecs ? `,CODECS="${r.codecs}"` : "";
    lines.push(`#EXT-X-STREAM-INF:BANDWIDTH=${r.bandwidth}${size}${codecs}`, `${BASE}${i}.m3u8`);
  });
  return lines.join("\n");
}

function playlist(rendition, i) {
  const longest = Math.ceil(Math.max(1, ...rendition.durations));
  const lines = [
    "#EXTM3U",
    "#EXT-X-VERSION:7",
    "#EXT-X-PLAYLIST-TYPE:VOD",
    `#EXT-X-TARGETDURATION:${longest}`,
    `#EXT-X-MAP:URI="${BASE}${i}/init.mp4"`,
  ];
  rendition.durations.forEach((seconds, n) => {
    lines.push(`#EXTINF:${seconds.toFixed(3)},`, `${BASE}${i}/${n}.m4s`);
  });
  return [...lines, "#EXT-X-ENDLIST"].join("\n");
}

/** Whether this browser can play segments through scripts. */
export function supported(Hls) {
  return Hls.isSupported();
}

/**
 * An hls.js player of `addresses` at `position`.
 * @param {Function} onFatal called with hls.js's error data when it gives up
 */
export function makeHls(Hls, addresses, position, onFatal) {
  const { renditions } = addresses.data;
  const starts = renditions.map(({ durations }) => {
    let at = 0;
    return durations.map((seconds) => (at += seconds) - seconds);
  });

  class Loader extends Hls.DefaultConfig.loader {
    load(context, config, callbacks) {
      const name = new URL(context.url, location.href).pathname;
      const list = /\/(\d+|master)\.m3u8$/.exec(name);
      if (list) {
        const text = list[1] === "master" ? master(renditions) : playlist(renditions[list[1]], list[1]);
        const { stats } = this;
        const now = performance.now();
        Object.assign(stats.loading, { start: now, first: now, end: now });
        stats.loaded = stats.total = text.length;
        this.context = context;
        queueMicrotask(() => callbacks.onSuccess({ url: context.url, data: text }, stats, context, null));
        return;
      }
      const [, i, n] = /\/(\d+)\/(\d+|init)\.\w+$/.exec(name);
      this.waiting = new AbortController();
      const { signal } = this.waiting;
      const start = n === "init" ? 0 : starts[i][n];
      addresses.segment(renditions[i].name, n, start, signal).then(
        (url) => {
          if (!signal.aborted) super.load({ ...context, url }, config, callbacks);
        },
        () => {},
      );
    }

    abort() {
      this.waiting?.abort();
      super.abort();
    }

    destroy() {
      this.waiting?.abort();
      super.destroy();
    }
  }

  const hls = new Hls({
    enableWorker: false, // a worker from a blob: address is against the content security policy
    loader: Loader,
    startPosition: position,
    // Within what the server gives before the frontier.
    maxBufferLength: 25,
    maxMaxBufferLength: 40,
    backBufferLength: 60,
    capLevelToPlayerSize: true,
  });
  let mended = 0;
  hls.on(Hls.Events.ERROR, (_event, data) => {
    if (data.response?.code === 403 || data.response?.code === 410) addresses.distrust();
    if (!data.fatal) return;
    if (mended > 4) {
      onFatal(data);
      return;
    }
    mended += 1;
    if (data.type === Hls.ErrorTypes.NETWORK_ERROR) setTimeout(() => hls.startLoad(), 1000 * mended);
    else if (data.type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
    else onFatal(data);
  });
  hls.on(Hls.Events.FRAG_BUFFERED, () => {
    mended = 0;
  });
  hls.loadSource(`${BASE}master.m3u8`);
  return hls;
}
