// What charts drawn as SVG share: the width that there is, and scales.
import { useLayoutEffect, useState } from "../vendor/preact.js";

export function useWidth(frame, first = 640) {
  const [width, setWidth] = useState(first);
  useLayoutEffect(() => {
    if (!frame.current) return undefined;
    setWidth(frame.current.clientWidth);
    const watch = new ResizeObserver(([{ contentRect }]) => setWidth(Math.floor(contentRect.width)));
    watch.observe(frame.current);
    return () => watch.disconnect();
  }, [frame.current]);
  return width;
}

// A value's place between 0 and 1; in the middle where all are alike.
export function scaleOf(low, high, isLog = false) {
  const of = isLog ? Math.log : (value) => value;
  const span = of(high) - of(low);
  return (value) => (span ? (of(value) - of(low)) / span : 0.5);
}

export function ticksOf(low, high, count = 4) {
  if (low === high) return [low];
  return Array.from({ length: count + 1 }, (_, index) => low + ((high - low) * index) / count);
}
