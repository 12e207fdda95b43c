/** What is left after each rule in turn. One that would leave nothing is passed over: it is a wish, not a condition. Pure. */
export const narrowed = <Item>(
  items: readonly Item[],
  rules: readonly ((item: Item) => boolean)[],
): readonly Item[] =>
  rules.reduce((left, rule) => {
    const suited = left.filter(rule);
    return suited.length > 0 ? suited : left;
  }, items);
