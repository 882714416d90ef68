/** What Lambda tells a function of the invocation, as far as it is used here. */
export interface Invocation {
  readonly awsRequestId: string;
  readonly functionName: string;
  getRemainingTimeInMillis(): number;
}
