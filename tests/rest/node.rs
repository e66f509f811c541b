//! The node itself, its description and its page.

use serde_json::json;

use crate::place::Place;

#[test]
fn status_and_health() {
    let place = Place::new();
    place.mine(1);
    let status = place.get("/api/node/status").is(200);
    assert_eq!((&status["address"], &status["isRunning"]), (&json!(place.own), &json!(true)));
    assert_eq!((&status["blockchainHeight"], &status["peerCount"]), (&json!(1), &json!(0)));
    assert_eq!((&status["consensus"], &status["channelStats"]["totalChannels"]), (&json!("proof-of-work"), &json!(0)));
    assert!(status["uptime"].is_u64() && status["version"] == env!("CARGO_PKG_VERSION"));
    let health = place.get("/api/health").is(200);
    assert_eq!((&health["status"], &health["height"], &health["syncing"]), (&json!("ok"), &json!(1), &json!(false)));
}

#[test]
fn metrics_count_what_was_asked() {
    let place = Place::new();
    place.mine(2);
    place.get("/api/block/1").is(200);
    place.get("/api/block/9").refused(404, "unknown-block");
    let text = place.get("/metrics").text();
    for line in [
        "tabchain_http_requests_total{method=\"GET\",route=\"/api/block/{index}\",status=\"200\"} 1",
        "tabchain_http_requests_total{method=\"GET\",route=\"/api/block/{index}\",status=\"404\"} 1",
        "tabchain_http_requests_total{method=\"POST\",route=\"/api/mine\",status=\"201\"} 2",
        "tabchain_http_request_duration_seconds_count{route=\"/api/block/{index}\"} 2",
        "tabchain_height 2",
        "tabchain_blocks_total 2",
        "tabchain_reorgs_total 0",
        "tabchain_mempool_transactions 0",
        "tabchain_channels{state=\"open\"} 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[test]
fn the_description_names_every_route_and_every_problem() {
    let place = Place::new();
    let api = place.get("/api/openapi.json").is(200);
    assert_eq!(api["openapi"], "3.1.0");
    for (path, operations) in api["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2') || status == "101"), "{method} {path}");
            for status in ["400", "401", "403", "429", "503"] {
                let problem = &responses[status]["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(problem, "#/components/schemas/Problem", "{method} {path} {status}");
            }
        }
    }
    let docs = place.get("/docs/");
    assert!(docs.status == 200 && docs.text().contains("swagger-ui"));
    assert!(!place.get("/docs/swagger-initializer.js").text().contains("http://"));
    assert!(place.get("/docs/swagger-ui-bundle.js").body.len() > 100_000);
}
