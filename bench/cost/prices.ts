/** List prices in US dollars, us-east-1, November 2026, without free tiers, discounts and taxes. */
export const prices = {
  /** DynamoDB on demand: a million write units (1 KB each), a million read units (4 KB each; 8 KB where it may be old). */
  writeUnits: 0.625,
  readUnits: 0.125,
  /** A GB and month, stored, and restorable to any second. */
  stored: 0.25,
  restorable: 0.2,
  /** A million calls of an HTTP API of API Gateway. */
  apiCalls: 1,
  /** Lambda on arm64: a million calls, and a GB and second. */
  invocations: 0.2,
  gigabyteSecond: 0.0000133334,
  /** CloudWatch: a GB of logs taken in, an alarm and a metric of one's own for a month. */
  logged: 0.5,
  alarm: 0.1,
  metric: 0.3,
  /** A million requests: SNS each 64 KB published, SQS each receive, delete or empty receive. */
  snsPublishes: 0.5,
  sqsRequests: 0.4,
  /** An hour of an Application Load Balancer, of a unit of its capacity (1 GB), and of a public IPv4 address. */
  balancer: 0.0225,
  balancerUnit: 0.008,
  publicAddress: 0.005,
  /** An hour of a t4g.small, and of a db.t4g.small (PostgreSQL) in two zones; a GB and month of its disk in both. */
  server: 0.0168,
  database: 0.065,
  databaseDisk: 0.23,
} as const;

export const hoursPerMonth = 730;
export const secondsPerMonth = hoursPerMonth * 3_600;

/** What is taken for granted, as it cannot be measured here. */
export const assumed = {
  /** What a call is billed for on Lambda: 512 MB for so many seconds. A function that waits for news is billed for its wait. */
  callSeconds: 0.012,
  callGigabytes: 0.5,
  /** A pass of countTerms or rollUpTerms: 1 GB for so many seconds. */
  passSeconds: 0.1,
  passGigabytes: 1,
  /** What Lambda and API Gateway log of a call: START, END, REPORT and a line of the access log. */
  loggedBytes: 600,
  /** How long an entry is stored: a week of retention, and two days until DynamoDB deletes it. */
  storedDays: 9,
  /** The disk of the relational database, at the least. */
  diskGigabytes: 20,
} as const;

/** Dollars of one call through API Gateway and Lambda, without what it asks of DynamoDB. */
export function callPrice(): number {
  const { callSeconds, callGigabytes, loggedBytes } = assumed;
  const perMillion = prices.apiCalls + prices.invocations;
  return perMillion / 1e6 + callSeconds * callGigabytes * prices.gigabyteSecond + (loggedBytes / 1e9) * prices.logged;
}

/** Dollars of one run of a function that events wake. */
export function passPrice(): number {
  const { passSeconds, passGigabytes, loggedBytes } = assumed;
  return (
    prices.invocations / 1e6 + passSeconds * passGigabytes * prices.gigabyteSecond + (loggedBytes / 1e9) * prices.logged
  );
}

export function unitsPrice({ write, read }: { readonly write: number; readonly read: number }): number {
  return (write * prices.writeUnits + read * prices.readUnits) / 1e6;
}
