// Undo and redo: a step is [[field name, before, after], …], one for a paste of 184 cells too.
const DEPTH = 200;

export function history(apply) {
  let done = [], undone = [];
  const move = (from, to, side) => {
    const step = from.pop();
    if (!step) return null;
    to.push(step);
    apply(step.map((change) => [change[0], change[side]]));
    return step;
  };
  return {
    push(step) {
      done = [...done.slice(1 - DEPTH), step];
      undone = [];
    },
    undo: () => move(done, undone, 1),
    redo: () => move(undone, done, 2),
  };
}
