// One charging session by npm's ocpp-rpc, which in strict mode checks every answer against the schema.
// node ocpp_rpc_session.mjs URL IDENTITY PASSWORD: prints what it was answered as JSON.
import { RPCClient } from "ocpp-rpc";

const [endpoint, identity, password] = process.argv.slice(2);
const client = new RPCClient({
  endpoint,
  identity,
  password,
  protocols: ["ocpp1.6"],
  strictMode: true,
  reconnect: false,
});
const at = (minutes) => new Date(Date.UTC(2026, 2, 1, 12, minutes)).toISOString();
const said = {};

client.on("strictValidationFailure", ({ error }) => {
  console.error(`strict validation: ${error.message}`);
  process.exitCode = 1;
});
await client.connect();
said.boot = await client.call("BootNotification", { chargePointVendor: "npm", chargePointModel: "ocpp-rpc" });
await client.call("StatusNotification", { connectorId: 0, status: "Available", errorCode: "NoError" });
await client.call("StatusNotification", { connectorId: 1, status: "Preparing", errorCode: "NoError" });
said.authorize = await client.call("Authorize", { idTag: "CARD-1" });
said.start = await client.call("StartTransaction", {
  connectorId: 1,
  idTag: "CARD-1",
  meterStart: 1000,
  timestamp: at(0),
});
const { transactionId } = said.start;
for (const [minutes, value] of [[10, "3000"], [20, "5500.5"]]) {
  await client.call("MeterValues", {
    connectorId: 1,
    transactionId,
    meterValue: [{ timestamp: at(minutes), sampledValue: [{ value, unit: "Wh", context: "Sample.Periodic" }] }],
  });
}
said.heartbeat = await client.call("Heartbeat", {});
said.unknown = await client.call("DataTransfer", { vendorId: "npm" });
said.stop = await client.call("StopTransaction", {
  transactionId,
  idTag: "CARD-1",
  meterStop: 8000,
  timestamp: at(30),
  reason: "EVDisconnected",
});
await client.close();
console.log(JSON.stringify(said));
