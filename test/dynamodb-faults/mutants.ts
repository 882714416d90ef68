import type { Lie } from "./faulty-client.ts";
import type { Request } from "./model-dynamodb.ts";

/**
 * The rules of the protocol, each broken by sending something else than the store meant. The runs must find every one out:
 * a rule whose loss nobody notices is not tested. (The condition on a count cursor is none of them: what a leaf includes makes
 * a cursor that goes back harmless.)
 */
export const mutants: Readonly<Record<string, Lie>> = {
  "an entry is put over what stands there": without("PutItem", "Messages", (input) => input.Item.k === undefined),
  "a tombstone is put over what stands there": without("PutItem", "Messages", (input) => input.Item.k !== undefined),
  "the record of a call is put over another": without("PutItem", "Publishers"),
  "the record of a call moves from wherever it is": without("UpdateItem", "Publishers"),
  "a cursor is put whatever its version": without("UpdateItem", "Subscribers", (input) =>
    / v = :v/.test(` ${input.ConditionExpression}`),
  ),
  "a summary is put whatever its version": without("PutItem", "WordCount"),
  "time goes back within a shard": changed("UpdateItem", "Topics", (input) =>
    /SET l = :now/.test(input.UpdateExpression) ? { ...input, ConditionExpression: "attribute_exists(t)" } : input,
  ),
  "a shard falls asleep whatever it holds": changed("UpdateItem", "Topics", (input) =>
    /SET z = :asleep/.test(input.UpdateExpression) ? { ...input, ConditionExpression: "z = :awake" } : input,
  ),
  "a shard that was woken is taken from the list": without("DeleteItem", "Topics"),
  "a shard that is awake is not put into the list": changed("PutItem", "Topics", (input) => ({
    ...input,
    ConditionExpression: "attribute_exists(p)",
  })),
  "a ticket is given out twice": changed("UpdateItem", "Topics", (input) =>
    /ADD t :one/.test(input.UpdateExpression)
      ? {
          ...input,
          UpdateExpression: input.UpdateExpression.replace("ADD t :one", "ADD t :zero"),
          ExpressionAttributeValues: { ...input.ExpressionAttributeValues, ":zero": { N: "0" } },
        }
      : input,
  ),
  "days are not marked": changed("UpdateItem", "Topics", (input) => ({
    ...input,
    UpdateExpression: input.UpdateExpression.replace(/, #[TMB] = if_not_exists\(#[TMB], \w\)/g, ""),
  })),
  "entries are deleted when their retention is over": changed("PutItem", "Messages", (input) =>
    input.Item.x ? { ...input, Item: { ...input.Item, x: { N: String(Number(input.Item.x.N) - 2 * 86_400) } } } : input,
  ),
  "the calls of an entry do not stand beside its messages": changed("PutItem", "Messages", (input) => {
    const { c: _, ...Item } = input.Item;
    return { ...input, Item };
  }),
  "an append does not know its own entry": changed("PutItem", "Messages", (input) =>
    input.Item.i ? { ...input, Item: { ...input.Item, i: { S: "any" } } } : input,
  ),
};

// biome-ignore lint/suspicious/noExplicitAny: each operation has its own input
type Input = any;

function changed(operation: string, table: string, change: (input: Input) => Input): Lie {
  return (request: Request) =>
    request.operation === operation && request.input.TableName === table
      ? { operation, input: change(request.input) }
      : request;
}

/** Without the condition. */
function without(operation: string, table: string, isMeant: (input: Input) => boolean = () => true): Lie {
  return changed(operation, table, (input) => {
    if (!isMeant(input)) return input;
    const { ConditionExpression: _, ...rest } = input;
    return rest;
  });
}
