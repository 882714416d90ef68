import { CfnCondition, CfnParameter, Fn } from "aws-cdk-lib";
import type { Construct } from "constructs";

/** What an operator sets at deployment. None of it is a secret. */
export interface Parameters {
  readonly adminKeyHashes: string;
  readonly publicRead: string;
  readonly corsOrigins: readonly string[];
  readonly hasCorsOrigins: CfnCondition;
  readonly callsPerSecond: number;
  readonly callsBurst: number;
}

export function createParameters(scope: Construct): Parameters {
  const adminKeyHashes = new CfnParameter(scope, "AdminKeySha256", {
    description: "SHA-256 of the admin key in hex; two with a comma between them while one replaces the other.",
    allowedPattern: "^[0-9a-fA-F]{64}(,[0-9a-fA-F]{64})?$",
  });
  const publicRead = new CfnParameter(scope, "PublicRead", {
    description: "true: anyone may read topics, messages and terms.",
    default: "false",
    allowedValues: ["true", "false"],
  });
  const corsOrigins = new CfnParameter(scope, "CorsOrigins", {
    type: "CommaDelimitedList",
    description: "Origins, with commas between them, whose web pages may call the service. Empty: none.",
    default: "",
  });
  const callsPerSecond = new CfnParameter(scope, "CallsPerSecond", {
    type: "Number",
    description: "How many calls a second the API takes before it answers 429.",
    default: 1000,
    minValue: 1,
  });
  const callsBurst = new CfnParameter(scope, "CallsBurst", {
    type: "Number",
    description: "How many calls may come at once before it answers 429.",
    default: 2000,
    minValue: 1,
  });
  return {
    adminKeyHashes: adminKeyHashes.valueAsString,
    publicRead: publicRead.valueAsString,
    corsOrigins: corsOrigins.valueAsList,
    hasCorsOrigins: isGiven(scope, "HasCorsOrigins", Fn.join("", corsOrigins.valueAsList)),
    callsPerSecond: callsPerSecond.valueAsNumber,
    callsBurst: callsBurst.valueAsNumber,
  };
}

function isGiven(scope: Construct, id: string, value: string): CfnCondition {
  return new CfnCondition(scope, id, { expression: Fn.conditionNot(Fn.conditionEquals(value, "")) });
}
