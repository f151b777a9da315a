"""Mutations of what serves a model."""
from mutation import Mutation

QUESTION = "component/serving/question.cpp"
ANSWERING = "component/serving/scoring/answering.cpp"
CONNECTION, RULES = "component/serving/http_connection.cpp", "component/serving/http_rules.cpp"
SERVE, LOAD = ["component.serve_test"], ["component.serve_load_test"]

MUTATIONS = [
    Mutation("the answer's name is not mirrored", QUESTION, '{"input", "output"}', '{"input", "input"}', SERVE),
    Mutation("two inputs may have one answer", QUESTION, "if (!outputs.insert(output).second)", "if (false)", SERVE),
    Mutation("any number of rows", QUESTION, "if (question_.rows.size() + rows.size() > most_rows_)", "if (false)", SERVE),
    Mutation("parameters are passed over", QUESTION, "  check_parameters(read);\n", "", SERVE),
    Mutation("lists are answered in JSON alone", QUESTION, "return named || plain_ ? out", "return true ? out", SERVE),
    Mutation("an id comes back as a text", QUESTION, "return std::move(*found);\n}", "return json(found->dump());\n}", SERVE),
    Mutation("line breaks in base64 are refused", "runtime/text/base64.cpp", 'kSpace = " \\t\\r\\n"', 'kSpace = " "', SERVE),
    Mutation("base64 goes on after its end", "runtime/text/base64.cpp", "if (c != '=' && clean.ends_with('='))", "if (false)", SERVE),
    Mutation("one key is enough", "component/serving/keys.cpp", "found = same(digest, given) || found;", "found = same(digest, given);", SERVE),
    Mutation("any scheme admits", "component/serving/keys.cpp", "if (!bearer) return false;", "if (authorization.size() < kScheme.size()) return false;", SERVE),
    Mutation("a key's beginning admits", "component/serving/keys.cpp", "for (std::size_t i = 0; i < a.size(); ++i)", "for (std::size_t i = 0; i < 0; ++i)", SERVE),
    Mutation("the key file may be anybody's", "component/serving/keys.cpp", "(fs::perms::others_read | fs::perms::others_write)", "fs::perms::none", SERVE),
    Mutation("the swagger file asks for no key", "component/serving/service.cpp", '{"/swagger.json", "GET, HEAD, OPTIONS", false}',
             '{"/swagger.json", "GET, HEAD, OPTIONS", true}', SERVE),
    Mutation("any number of pixels", ANSWERING, "> options_.most_pixels)\n", "> options_.most_pixels && false)\n", SERVE),
    Mutation("sizes of a request may differ", ANSWERING, "if (*asked.size != size)", "if (false)", SERVE),
    Mutation("a bad row is answered", ANSWERING, "if (photo.fault && !asked.fault) asked.fault = photo.fault;\n}", "}", SERVE),
    Mutation("any number may wait", "component/serving/photo_queue.cpp", "if (waiting_.size() >= most_) return false;", "", LOAD),
    Mutation("any size of body", CONNECTION, "parser_->body_limit(shared_.limits.body);", "parser_->body_limit(shared_.limits.bodies);", SERVE),
    Mutation("any bytes of bodies at once", CONNECTION, "return shared_.bytes <= shared_.limits.bodies;", "return true;", LOAD),
    Mutation("slow clients are waited for", CONNECTION, "stream_.expires_after(shared_.limits.timeout);  // to", "stream_.expires_never();  // to", LOAD),
    Mutation("a request begins at once", CONNECTION, "if (!begins(kEmpty)) return read", "if (true) return read", LOAD),
    Mutation("a whole address is a path", RULES, "if (!beast::iequals(target.substr(0, scheme.size()), scheme)) continue;", "if (!scheme.empty()) continue;", LOAD),
    Mutation("any coding of a body", RULES, "if (codings > 1 || (", "if (codings > 9 && (", LOAD),
    Mutation("codings of HTTP/1.0", RULES, "codings > 0 && request.version() < 11", "codings > 0 && request.version() < 10", LOAD),
    Mutation("any number of hosts", RULES, "if (hosts > 1 || (", "if (hosts > 9 && (", LOAD),
    Mutation("the continuation that HTTP/1.0 does not know", CONNECTION, "request.version() >= 11 && beast::iequals(", "beast::iequals(", LOAD),
    Mutation("clients that left are computed", ANSWERING, "if (asked.waiting.reply.left()) throw", "if (false) throw", LOAD),
    Mutation("who half-closes has left", CONNECTION, "self->asked_ > kHalfClosing,", "self->asked_ > 0 * kHalfClosing,", LOAD),
    Mutation("who closes has not left", CONNECTION, "*left = ended || reset;", "*left = (ended && false) || reset;", LOAD),
    Mutation("who resets has not left", CONNECTION, "*left = ended || reset;", "*left = ended || (reset && false);", LOAD),
    Mutation("a dead network is healthy", ANSWERING, "    options_.health.ill(why);\n", "", ["component"]),
    Mutation("one request makes the server ill", ANSWERING, "  try {\n    compute_blank();", "  try {\n    throw std::runtime_error(why);", ["component"]),
    Mutation("SIGUSR1 ends the server", "component/worker_commands/serve.cpp", "return signal == SIGUSR1;", "return false;", SERVE),
    Mutation("brackets belong to a host", "component/serving/http_server.cpp", "host.starts_with('[') && host.ends_with(']')", "false", SERVE),
    Mutation("an answer may be lost with the connection", CONNECTION, "    linger();\n  }\n\n  /// Reads", "  }\n\n  /// Reads", LOAD),
]
