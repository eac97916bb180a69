// A business rule of the table incident: Advanced; When: async; Insert off, Update and Delete on.
// Filter: correlation_id starts with "tocsin:". Condition (so that Tocsin is not told of its own writes):
//   gs.getUserName() != 'tocsin.integration'
// It tells that the record changed; Tocsin reads what has changed by itself. async: nobody who saves waits for it.
(function executeRule(current, previous) {
    var url = gs.getProperty('tocsin.url');       // https://tocsin.acme.example/connectors/servicenow
    var secret = gs.getProperty('tocsin.secret'); // of type password2; webhook_secret of the connector
    var body = JSON.stringify({
        schema: 1,
        event: current.operation(),
        table: current.getTableName(),
        sys_id: current.getUniqueValue(),
        number: current.getValue('number'),
        sys_mod_count: Number(current.getValue('sys_mod_count')),
        sys_updated_on: current.getValue('sys_updated_on'),
        sys_updated_by: current.getValue('sys_updated_by')
    });
    var at = String(Math.floor(new Date().getTime() / 1000));
    var hash = new GlideCertificateEncryption().generateMac(
        GlideStringUtil.base64Encode(secret), 'HmacSHA256', at + '.' + body);
    var request = new sn_ws.RESTMessageV2();

    request.setEndpoint(url);
    request.setHttpMethod('POST');
    request.setRequestHeader('Content-Type', 'application/json');
    request.setRequestHeader('X-Tocsin-Signature', 't=' + at + ',v1=' + hash);
    request.setRequestBody(body);
    request.executeAsync();
})(current, previous);
